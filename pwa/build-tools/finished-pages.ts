import type { Adapter } from '@sveltejs/kit';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const output = 'build';
const textual = new Set(['.html', '.js', '.css', '.json', '.svg', '.txt', '.webmanifest']);
/** Its address, then its language. */
const catalogueFile = /^build(\/.*\/assets\/(vi|fa|en)\.[^./]+\.json)$/;
const iconsFile = /\/assets\/icons\.[^./]+\.svg$/;
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

/**
 * Wraps adapter-static: tells the page which catalogue file belongs to which language, and which file has the icons,
 * so that its first lines of script can ask for them at once, and then writes `.br` and `.gz` beside every text file.
 */
export function finishedPages(adapter: Adapter): Adapter {
	return {
		...adapter,
		async adapt(builder) {
			await adapter.adapt(builder);
			const files = (await readdir(output, { recursive: true, withFileTypes: true }))
				.filter((entry) => entry.isFile())
				.map((entry) => path.posix.join(entry.parentPath.replaceAll(path.sep, '/'), entry.name));
			await nameFiles(files);
			for (const file of files) if (textual.has(path.extname(file))) await compress(file);
			await weighCatalogues(files);
		}
	};
}

async function nameFiles(files: string[]): Promise<void> {
	const catalogues = Object.fromEntries(
		files
			.map((file) => catalogueFile.exec(file))
			.filter((found) => found !== null)
			.map(([, address, language]) => [language, address])
	);
	for (const language of ['vi', 'fa', 'en']) {
		if (!catalogues[language]) throw new Error(`the build holds no catalogue for ${language}`);
	}
	const icons = files.find((file) => iconsFile.test(file))?.slice(output.length);
	if (!icons) throw new Error('the build holds no icons');
	const page = path.join(output, 'index.html');
	let html = await readFile(page, 'utf8');
	for (const [placeholder, value] of Object.entries({ "'%catalogues%'": catalogues, "'%icons%'": icons })) {
		if (!html.includes(placeholder)) throw new Error(`${page} lost its place for ${placeholder}`);
		html = html.replace(placeholder, JSON.stringify(value));
	}
	await writeFile(page, html);
}

/** Bytes of brotli that one catalogue may weigh. */
const catalogueLimit = 6 * 1024;

async function weighCatalogues(files: string[]): Promise<void> {
	for (const file of files.filter((name) => /\/(vi|fa|en)(\.[a-z]+)?\.[^./]+\.json$/.test(name))) {
		const { size } = await stat(`${file}.br`);
		if (size > catalogueLimit) throw new Error(`${file} weighs ${size} bytes, more than ${catalogueLimit}`);
	}
}

async function compress(file: string): Promise<void> {
	const bytes = await readFile(file);
	const params = {
		[zlib.constants.BROTLI_PARAM_QUALITY]: zlib.constants.BROTLI_MAX_QUALITY,
		[zlib.constants.BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT,
		[zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length
	};
	await Promise.all([
		brotli(bytes, { params }).then((packed) => writeFile(`${file}.br`, packed)),
		gzip(bytes, { level: 9 }).then((packed) => writeFile(`${file}.gz`, packed))
	]);
}
