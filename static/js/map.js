// The map of the region. Only read when somebody asks for it; the list beside it says the same.

const LARGEST = 34; // pixels: the radius of the largest circle
const SPOT = 28; // pixels: what one can point at

function load(tag, attributes) {
  return new Promise((resolve, reject) => {
    const node = Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: reject });
    document.head.append(node);
  });
}

// A row of the list: its figures as data, its words as they stand there.
function read(row) {
  const said = [...row.querySelectorAll("td[data-label]")].map((cell) => `${cell.dataset.label}: ${cell.textContent.trim()}`);
  return {
    code: row.dataset.code,
    name: row.querySelector("th").textContent.trim(),
    openings: Number(row.dataset.openings),
    seeking: Number(row.dataset.seeking || 0),
    said,
  };
}

function words(place) {
  const node = document.createElement("div");
  node.append(Object.assign(document.createElement("b"), { textContent: place.name }));
  node.append(...place.said.map((said) => Object.assign(document.createElement("span"), { textContent: said })));
  return node;
}

// Openings as discs, students as rings over them: a ring around a disc is a shortage.
function circles(L, map, places, centres) {
  const most = Math.max(...places.map((place) => Math.max(place.openings, place.seeking)), 1);
  const largest = Math.min(LARGEST, map.getSize().x / 16);
  for (const name of ["openings", "seeking"]) {
    for (const place of places.filter((one) => one[name]).sort((a, b) => b[name] - a[name])) {
      const radius = largest * Math.sqrt(place[name] / most);
      L.circleMarker(centres.get(place.code), { radius, className: `map__${name}`, interactive: false }).addTo(map);
    }
  }
  const icon = L.divIcon({ className: "map__spot", iconSize: [SPOT, SPOT] });
  for (const place of places) {
    const spot = L.marker(centres.get(place.code), { icon }).bindTooltip(words(place), { direction: "top" }).addTo(map);
    spot.getElement().setAttribute("role", "img");
    spot.getElement().setAttribute("aria-label", [place.name, ...place.said].join(", "));
  }
}

export async function draw(box) {
  const { areas, library, look, rows, label, zoomIn, zoomOut, source } = box.dataset;
  const [shapes] = await Promise.all([
    fetch(areas).then((answer) => answer.json()),
    load("script", { src: library }),
    load("link", { rel: "stylesheet", href: look }),
  ]);
  const { L } = window;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const canvas = document.createElement("div");
  canvas.className = "map__canvas";
  canvas.setAttribute("role", "group");
  canvas.setAttribute("aria-label", label);
  box.querySelector("[data-map-place]").replaceChildren(canvas);
  const map = L.map(canvas, {
    zoomControl: false, scrollWheelZoom: false, zoomSnap: 0.25,
    zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still,
  });
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  map.attributionControl.setPrefix("Leaflet").addAttribution(source);
  const region = L.geoJSON(shapes, { interactive: false, className: "map__area" }).addTo(map);
  map.fitBounds(region.getBounds(), { padding: [8, 8], animate: false });
  map.setMinZoom(map.getZoom());
  const centres = new Map(shapes.features.map(({ id, properties }) => [id, [properties.lat, properties.lon]]));
  const places = [...document.querySelectorAll(rows)].map(read).filter((place) => centres.has(place.code));
  circles(L, map, places.filter((place) => place.openings || place.seeking), centres);
  canvas.focus({ preventScroll: true });
}
