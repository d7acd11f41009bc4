import { readFile } from 'node:fs/promises';
import type { Plugin } from 'vite';

const suffix = '.svg?path';

/**
 * `import house from 'lucide-static/icons/house.svg?path'` gives the icon's outline as the text of one `d`
 * attribute. So an icon costs about 150 bytes, only where it is used, and needs no innerHTML.
 */
export function iconPaths(): Plugin {
	return {
		name: 'khupho:icon-paths',
		enforce: 'pre',
		async load(id) {
			if (!id.endsWith(suffix)) return null;
			const svg = await readFile(id.slice(0, -'?path'.length), 'utf8');
			return `export default ${JSON.stringify(outlineOf(svg, id))};`;
		}
	};
}

/** One `d` for all shapes of a stroked 24×24 icon. Throws on a shape that a single outline cannot draw. */
export function outlineOf(svg: string, name: string): string {
	const body = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
	return [...body.matchAll(/<([a-z]+)\s+([^>]*?)\/?>/g)]
		.map(([, shape = '', source = '']) => {
			const attributes = Object.fromEntries(
				[...source.matchAll(/([a-z0-9-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value ?? ''])
			);
			if ('fill' in attributes || 'transform' in attributes) {
				throw new Error(`${name}: <${shape}> has a fill or a transform, which one outline cannot draw`);
			}
			return pathOf(shape, attributes, name);
		})
		.join('');
}

function pathOf(shape: string, a: Record<string, string>, name: string): string {
	const n = (key: string, otherwise = 0) => Number(a[key] ?? otherwise);
	switch (shape) {
		case 'path':
			return startAbsolute(a['d'] ?? '');
		case 'line':
			return `M${n('x1')} ${n('y1')}L${n('x2')} ${n('y2')}`;
		case 'polyline':
			return `M${a['points']}`;
		case 'polygon':
			return `M${a['points']}z`;
		case 'circle':
			return ellipse(n('cx'), n('cy'), n('r'), n('r'));
		case 'ellipse':
			return ellipse(n('cx'), n('cy'), n('rx'), n('ry'));
		case 'rect':
			return rectangle(n('x'), n('y'), n('width'), n('height'), n('rx', n('ry')));
		default:
			throw new Error(`${name}: <${shape}> is not known here`);
	}
}

/** A path's first `m` counts from 0,0; joined to others it would count from where they ended. */
function startAbsolute(d: string): string {
	if (!d.startsWith('m')) return d;
	const number = '[-+]?(?:\\d+\\.?\\d*|\\.\\d+)';
	const first = new RegExp(`^m\\s*(${number})[\\s,]*(${number})[\\s,]*(?=([-+.\\d])?)`);
	return d.replace(first, (_, x: string, y: string, more?: string) => `M${x} ${y}${more ? 'l' : ''}`);
}

function ellipse(cx: number, cy: number, rx: number, ry: number): string {
	return `M${cx - rx} ${cy}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0z`;
}

function rectangle(x: number, y: number, width: number, height: number, r: number): string {
	if (r === 0) return `M${x} ${y}h${width}v${height}h${-width}z`;
	const arc = (dx: number, dy: number) => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
	return (
		`M${x + r} ${y}h${width - 2 * r}${arc(r, r)}v${height - 2 * r}${arc(-r, r)}` +
		`h${-(width - 2 * r)}${arc(-r, -r)}v${-(height - 2 * r)}${arc(r, -r)}z`
	);
}
