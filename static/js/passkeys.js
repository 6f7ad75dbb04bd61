// Passkeys: asks the browser for one, and sends what it gives. Without this file a code does it.
(() => {
  "use strict";
  const can = Boolean(window.PublicKeyCredential && window.webauthnJSON);

  // Where a page comes before anybody is known, the portal is asked for a challenge.
  async function optionsFor(form) {
    const here = document.getElementById("passkey-options");
    if (here) return JSON.parse(here.textContent);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The portal answered ${answer.status}`);
    return answer.json();
  }

  async function make(options) {
    const wanted = options.creation_options;
    Object.assign(wanted.publicKey.authenticatorSelection, {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    });
    return window.webauthnJSON.create(wanted);
  }

  async function ask(form) {
    const options = await optionsFor(form);
    return form.dataset.passkey === "create"
      ? make(options)
      : window.webauthnJSON.get(options.request_options);
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const trouble = form.querySelector("[data-passkey-trouble]");
    if (can) form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      trouble.hidden = true;
      try {
        if (!can) throw new Error("This browser has no passkeys");
        form.elements.credential.value = JSON.stringify(await ask(form));
        form.submit();
      } catch {
        trouble.hidden = false; // said no, took too long, or another device is needed
      }
    });
  }
})();
