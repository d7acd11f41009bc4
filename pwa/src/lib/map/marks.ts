/** What is drawn on a map, made of real elements: HTML from text is refused in this app. */
import { categoryIcon } from '#lib/ui/categoryIcons.ts';
import sprite from '#lib/ui/generated/icons.svg?url';

const svgNs = 'http://www.w3.org/2000/svg';

function element<Name extends 'svg' | 'path' | 'use'>(
	name: Name,
	attributes: Readonly<Record<string, string>>
): SVGElementTagNameMap[Name] {
	const made = document.createElementNS(svgNs, name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
	return made;
}

/** A drop with the category's colour and icon; its tip is at 18/44 of a box of 36×46 px. */
export function pinElement(colour: string, icon: string): SVGSVGElement {
	const svg = element('svg', { viewBox: '0 0 36 46', width: '36', height: '46', 'aria-hidden': 'true' });
	const drop = element('path', {
		d: 'M18 44C10 33 3 26 3 17a15 15 0 0 1 30 0c0 9-7 16-15 27z',
		fill: colour,
		stroke: '#ffffff',
		'stroke-width': '2'
	});
	const inner = element('use', {
		href: `${sprite}#${categoryIcon(icon)}`,
		x: '9',
		y: '8',
		width: '18',
		height: '18',
		fill: 'none',
		stroke: '#ffffff',
		'stroke-width': '2.4',
		'stroke-linecap': 'round',
		'stroke-linejoin': 'round'
	});
	svg.append(drop, inner);
	return svg;
}

/** A neighbourhood's name, to stand in its middle. */
export function nameElement(name: string): HTMLElement {
	const made = document.createElement('bdi');
	made.textContent = name;
	return made;
}
