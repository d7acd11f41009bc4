import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'svelte/compiler';

export interface FoundText {
	msgid: string;
	/** Empty for a text that is not counted. */
	plural: string;
	file: string;
}

interface Node {
	type: string;
	start: number;
	[key: string]: unknown;
}

/** How many leading arguments are texts: t(msgid), tn(singular, plural, n), N_(msgid). */
const calls: Record<string, number> = { t: 1, tn: 2, N_: 1 };

/**
 * All texts of one `.svelte` or `.ts` file, read by Svelte's own parser, so strings, comments, markup and
 * TypeScript are what the compiler takes them for. Throws `file:line: reason` for a text that is put together
 * when the app runs: no catalogue can hold it. `t(name)` is let by: what `name` holds was marked by `N_`.
 */
export function textsOf(source: string, file: string): FoundText[] {
	const component = file.endsWith('.svelte');
	const code = component ? source : `<script lang="ts">${source}\n</script>`;
	const found: FoundText[] = [];
	visit(parse(code, { modern: true, filename: file }), (node) => {
		if (node.type !== 'CallExpression') return;
		const callee = node['callee'] as Node;
		const name = callee.type === 'Identifier' ? String(callee['name']) : '';
		const count = calls[name];
		if (count === undefined) return;
		const texts = (node['arguments'] as Node[]).slice(0, count);
		const first = texts[0];
		const msgids = name === 't' && first ? choices(first) : texts.map(literal);
		if (texts.length < count || msgids.some((msgid) => !msgid)) {
			const line = code.slice(0, node.start).split('\n').length;
			throw new Error(`${file}:${line}: ${name}() needs its text written out as a plain string`);
		}
		if (name === 'tn') found.push({ msgid: msgids[0] ?? '', plural: msgids[1] ?? '', file });
		else found.push(...msgids.map((msgid) => ({ msgid: msgid ?? '', plural: '', file })));
	});
	return found;
}

/** The texts an argument of `t` may be; one that is put together when the app runs is undefined. */
function choices(node: Node): (string | undefined)[] {
	switch (node.type) {
		case 'Literal':
		case 'BinaryExpression':
		case 'TemplateLiteral':
			return [literal(node)];
		case 'ConditionalExpression':
			return [...choices(node['consequent'] as Node), ...choices(node['alternate'] as Node)];
		case 'LogicalExpression':
			// `t(words[kind] ?? '')`: nothing is a fallback, not a text.
			return [...choices(node['left'] as Node), ...choices(node['right'] as Node)].filter(
				(msgid) => msgid !== ''
			);
		default:
			return [];
	}
}

function literal(node: Node): string | undefined {
	if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
	if (node.type === 'BinaryExpression' && node['operator'] === '+') {
		const [left, right] = [literal(node['left'] as Node), literal(node['right'] as Node)];
		return left === undefined || right === undefined ? undefined : left + right;
	}
	return undefined;
}

function visit(value: unknown, see: (node: Node) => void): void {
	if (Array.isArray(value)) {
		for (const item of value) visit(item, see);
	} else if (typeof value === 'object' && value !== null) {
		if (typeof (value as Node).type === 'string') see(value as Node);
		for (const [key, inner] of Object.entries(value)) {
			if (key !== 'leadingComments' && key !== 'trailingComments' && key !== 'loc') visit(inner, see);
		}
	}
}

async function main(): Promise<void> {
	const entries = await readdir('src', { recursive: true, withFileTypes: true });
	const files = entries
		.filter((entry) => entry.isFile() && /\.(svelte|ts)$/.test(entry.name) && !/\.d\.ts$/.test(entry.name))
		.map((entry) => path.posix.join(entry.parentPath.replaceAll(path.sep, '/'), entry.name))
		.sort();
	const texts: FoundText[] = [];
	const failures: string[] = [];
	for (const file of files) {
		try {
			texts.push(...textsOf(await readFile(file, 'utf8'), file));
		} catch (error) {
			failures.push(error instanceof Error ? error.message : String(error));
		}
	}
	if (failures.length > 0) {
		process.stderr.write(`${failures.join('\n')}\n`);
		process.exitCode = 1;
		return;
	}
	process.stdout.write(JSON.stringify(texts));
}

if (import.meta.main) await main();
