/** What is drawn on a map, made of real elements: HTML from text is refused in this app. */
import { categoryIcon } from '#lib/ui/categoryIcons.ts';

const svgNs = 'http://www.w3.org/2000/svg';

function path(d: string, attributes: Readonly<Record<string, string>> = {}): SVGPathElement {
	const made = document.createElementNS(svgNs, 'path');
	made.setAttribute('d', d);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	return made;
}

/** A drop with the category's colour and icon; its tip is at 18/44 of a box of 36×46 px. */
export function pinElement(colour: string, icon: string): SVGSVGElement {
	const svg = document.createElementNS(svgNs, 'svg');
	svg.setAttribute('viewBox', '0 0 36 46');
	svg.setAttribute('width', '36');
	svg.setAttribute('height', '46');
	svg.setAttribute('aria-hidden', 'true');
	const drop = path('M18 44C10 33 3 26 3 17a15 15 0 0 1 30 0c0 9-7 16-15 27z', {
		fill: colour,
		stroke: '#ffffff',
		'stroke-width': '2'
	});
	const inner = document.createElementNS(svgNs, 'g');
	inner.setAttribute('transform', 'translate(9 8) scale(0.75)');
	inner.append(
		path(categoryIcon(icon), {
			fill: 'none',
			stroke: '#ffffff',
			'stroke-width': '2.4',
			'stroke-linecap': 'round',
			'stroke-linejoin': 'round'
		})
	);
	svg.append(drop, inner);
	return svg;
}

/** A neighbourhood's name, to stand in its middle. */
export function nameElement(name: string): HTMLElement {
	const made = document.createElement('bdi');
	made.textContent = name;
	return made;
}
