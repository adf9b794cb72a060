// Icons as SVG elements on a 16 x 16 grid.

const SVG = "http://www.w3.org/2000/svg";
/** @type {Record<string, string>} */
const PATHS = {
	search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
	menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
	copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z",
	plus: "M8 3v10M3 8h10",
	minus: "M3 8h10",
	up: "M8 13V3.5M4 7.5l4-4 4 4",
	down: "M8 3v9.5M4 8.5l4 4 4-4",
	close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
	file: "M9 1.5H3.5v13h9V5ZM9 1.5V5h3.5",
	clock: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM8 4.5V8l2.5 1.5",
	home: "M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7",
	key: "M6 10.5a3.5 3.5 0 1 1 0-7 3.5 3.5 0 0 1 0 7ZM9.3 7.8h5.2v3M12 7.8v2",
	bell: "M3.5 11.5h9c-1-1-1.2-2-1.2-4.5a3.3 3.3 0 0 0-6.6 0c0 2.5-.2 3.5-1.2 4.5ZM6.5 13.7h3",
	server: "M2.5 2.5h11v4.5h-11ZM2.5 9h11v4.5h-11ZM5 4.750h.01M5 11.250h.01",
	save: "M2.5 2.5h9l2 2v9h-11ZM5 2.5v4h5v-4M5 13.5V9.5h6v4",
	link: "M6.5 9.5l3-3M7 4.5l1.7-1.7a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5l-1.7 1.7a3.2 3.2 0 0 1-4.5-4.5L4.5 7",
	arrow: "M3 8h9.5M8.5 4l4 4-4 4",
	check: "M3 8.5l3.5 3.5L13 4.5",
};

/** Returns an icon, hidden from screen readers. @param {string} name @returns {SVGElement} */
export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	const attributes = {
		viewBox: "0 0 16 16", width: "16", height: "16", fill: "none", stroke: "currentColor", "stroke-width": "1.5",
		"stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
	};
	for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", PATHS[name] ?? "");
	svg.append(path);
	return svg;
}
