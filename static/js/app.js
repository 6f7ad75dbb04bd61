// Extras only: every page works without this file.
(() => {
  "use strict";
  const text = document.body.dataset;
  const make = (tag, props) => Object.assign(document.createElement(tag), props);

  // A search box above long lists of choices, with a live count.
  function filterChoices(box) {
    const id = box.id + "_filter";
    const input = make("input", { type: "search", id, autocomplete: "off" });
    const label = make("label", { htmlFor: id, className: "label", textContent: box.dataset.filterLabel });
    const count = make("p", { className: "help" });
    count.setAttribute("role", "status");
    const field = make("div", { className: "choice-filter stack-s" });
    const none = make("p", { hidden: true, textContent: box.dataset.filterNone });
    none.setAttribute("role", "status");
    field.append(label, input, count, none);
    box.prepend(field);
    const groups = [...box.querySelectorAll("details")];
    const wasOpen = new Map(groups.map((group) => [group, group.open]));
    const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const tell = () => {
      const chosen = box.querySelectorAll(":checked").length;
      count.textContent = box.dataset.filterChosen.replace("%s", chosen);
      for (const group of groups) {
        const here = group.querySelectorAll(":checked").length;
        const all = group.querySelectorAll("input").length;
        group.querySelector("[data-count]").textContent = here ? `${here} / ${all}` : all;
      }
    };
    input.addEventListener("input", () => {
      const wanted = plain(input.value.trim());
      for (const group of groups) {
        let hits = 0;
        for (const choice of group.querySelectorAll(".choice")) {
          choice.hidden = wanted !== "" && !plain(choice.textContent).includes(wanted);
          hits += choice.hidden ? 0 : 1;
        }
        group.hidden = hits === 0;
        group.open = wanted ? hits > 0 : wasOpen.get(group);
      }
      none.hidden = groups.some((group) => !group.hidden);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    box.addEventListener("change", tell);
    tell();
  }

  function showPassword(input) {
    const button = make("button", { type: "button", className: "button button--secondary" });
    button.setAttribute("aria-controls", input.id);
    const name = () => {
      button.textContent = input.type === "password" ? text.textShow : text.textHide;
    };
    button.addEventListener("click", () => {
      input.type = input.type === "password" ? "text" : "password";
      name();
    });
    input.form?.addEventListener("submit", () => { input.type = "password"; });
    name();
    const row = make("div", { className: "password" });
    input.before(row);
    row.append(input, button);
  }

  function checkAll(master) {
    const boxes = () => [...master.form.querySelectorAll(`input[name="${master.dataset.checkAll}"]`)];
    const look = () => {
      const on = boxes().filter((box) => box.checked).length;
      master.checked = on > 0 && on === boxes().length;
      master.indeterminate = on > 0 && !master.checked;
      for (const place of master.form.querySelectorAll("[data-checked-count]")) place.textContent = on;
    };
    master.closest("[hidden]")?.removeAttribute("hidden");
    master.addEventListener("change", () => {
      for (const box of boxes()) box.checked = master.checked;
      look();
    });
    master.form.addEventListener("change", look);
    look();
  }

  // What a part says beside the page: it stays in sight, covers nothing that has the focus, and
  // goes when it is sent away. Without this script it stands where it was written.
  function toast(note) {
    const button = make("button", { type: "button", className: "link-button", textContent: text.textClose });
    button.addEventListener("click", () => note.remove());
    note.append(button);
    document.getElementById("toasts").append(note);
  }

  function trouble() {
    const note = make("div", { className: "toast message message--error" });
    note.append(make("p", { className: "message__body", textContent: text.textTrouble }));
    document.getElementById("toasts").replaceChildren();
    toast(note);
  }

  function offerMap(box) {
    const place = box.querySelector("[data-map-place]");
    box.hidden = false;
    box.querySelector("button").addEventListener("click", async ({ target }) => {
      target.disabled = true;
      place.classList.add("skeleton", "skeleton--map");
      try {
        await (await import(box.dataset.map)).draw(box);
        box.querySelector("[data-map-legend]").hidden = false;
      } catch {
        target.disabled = false;
        trouble();
      }
      place.classList.remove("skeleton", "skeleton--map");
    });
  }

  function enhance(root) {
    const once = (selector, act) => {
      for (const node of root.querySelectorAll(selector)) {
        if (!node.dataset.ready) { node.dataset.ready = "1"; act(node); }
      }
    };
    once("[data-filter-label]", filterChoices);
    once("input[type=password]", showPassword);
    once("input[data-check-all]", checkAll);
    once("[data-map]", offerMap);
    once("[data-toast]", toast);
    once("[data-error-summary]:not([data-still])", (node) => node.focus());
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
    if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
    for (const menu of document.querySelectorAll("details[data-closes][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    // A link of the error summary to a group of choices: go to its first choice.
    const link = event.target.closest("[data-error-summary] a");
    const target = link && document.getElementById(link.hash.slice(1));
    if (target) {
      event.preventDefault();
      const control = target.matches("input, select, textarea") ? target : target.querySelector("input");
      control?.closest("details")?.setAttribute("open", "");
      (control || target).focus({ preventScroll: true });
      (target.closest(".field") || target).scrollIntoView();
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details[data-closes][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // htmx: new parts get the extras too, and a lost request is told.
  document.addEventListener("htmx:load", (event) => enhance(event.detail.elt.parentNode || document));
  document.addEventListener("htmx:responseError", trouble);
  document.addEventListener("htmx:sendError", trouble);
  enhance(document);
})();
