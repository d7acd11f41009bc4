/** `node build-tools/icon-sprite.ts` (part of `npm run build`): all icons of the app in one picture. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { categoryIcons } from '../src/lib/ui/categoryIcons.ts';
import * as icons from '../src/lib/ui/icons.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}src/lib/ui/generated`;

/** One `<symbol>` an icon, by Lucide's names; drawn by stroking, in the colour of the words beside it. */
export async function spriteOf(names: Iterable<string>): Promise<string> {
	const symbols = [...new Set(names)].sort().map(async (name) => {
		const svg = await readFile(`${root}node_modules/lucide-static/icons/${name}.svg`, 'utf8');
		return `<symbol id="${name}" viewBox="0 0 24 24">${shapesOf(svg, name)}</symbol>`;
	});
	return `<svg xmlns="http://www.w3.org/2000/svg">${(await Promise.all(symbols)).join('')}</svg>\n`;
}

/** What is drawn, without the frame. Throws on an icon that would not take the colour of the words. */
export function shapesOf(svg: string, name: string): string {
	const shapes = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
	if (/\b(fill|stroke|style|id|href)=/.test(shapes))
		throw new Error(`${name} brings its own colours or names`);
	return shapes.replace(/\s+/g, ' ').replaceAll(' />', '/>').replaceAll('> <', '><').trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await mkdir(folder, { recursive: true });
	await writeFile(`${folder}/icons.svg`, await spriteOf([...Object.values(icons), ...categoryIcons]));
}
