/** The work itself: decode, turn upright, make small, encode without metadata. Runs in the worker, or in the page. */
import { readFacts, type PhotoFacts } from './exif.ts';
import { readFormat, type PhotoFile } from './format.ts';
import { UnreadablePhoto, type ShrunkPhoto } from './outcome.ts';
import { sha256Hex } from './sha256.ts';
import { makeSurface, type Surface } from './surface.ts';
import { browserTurns, decode, uprightTransform } from './turning.ts';

/** PRODUCT O6. */
const longestEdge = 1600;
const smallEdge = 1280;
const goalBytes = 250_000;
/** What the server takes. */
const mostBytes = 25 * 1024 * 1024;
/** A canvas beyond this comes back black on iOS, without an error. */
const canvasPixels = 16_700_000;
/** 200 Mpx phones exist; more than this is a decompression bomb. */
const believablePixels = 210_000_000;

const qualities = [0.82, 0.74, 0.66, 0.56, 0.45];

/** Throws `UnreadablePhoto`. */
export async function shrinkHere(file: Blob): Promise<ShrunkPhoto> {
	const bytes = await file.arrayBuffer();
	const format = readFormat(bytes);
	if (bytes.byteLength === 0 || format.cutOff) throw new UnreadablePhoto('unreadable');
	if ((format.width ?? 0) * (format.height ?? 0) > believablePixels) throw new UnreadablePhoto('too_large');
	const facts = readFacts(bytes);
	const bitmap = await decodeBounded(file, format);
	if (!bitmap) return asItIs(bytes, format, facts);
	try {
		const upright = await isUpright(format, facts);
		return (await small(bitmap, upright ? 1 : facts.orientation, facts)) ?? asItIs(bytes, format, facts);
	} finally {
		bitmap.close();
	}
}

/** Null: a picture, but not for this browser (HEIC outside Safari). Throws `UnreadablePhoto` for anything else. */
async function decodeBounded(file: Blob, format: PhotoFile): Promise<ImageBitmap | null> {
	const pixels = (format.width ?? 0) * (format.height ?? 0);
	try {
		// Whichever edge the browser takes for the width, the result is bounded.
		return await decode(file, pixels > canvasPixels ? 2 * longestEdge : undefined);
	} catch (error) {
		if (format.format === 'heic') return null;
		throw new UnreadablePhoto('unreadable', error);
	}
}

/** HEIF is turned by its container, which decoders always obey; the others by Exif. */
async function isUpright(format: PhotoFile, facts: PhotoFacts): Promise<boolean> {
	return facts.orientation === 1 || format.format !== 'jpeg' || browserTurns();
}

/** Null when the browser's canvas has lost the picture. */
async function small(
	bitmap: ImageBitmap,
	orientation: number,
	facts: PhotoFacts
): Promise<ShrunkPhoto | null> {
	for (const edge of [longestEdge, smallEdge]) {
		const surface = draw(bitmap, orientation, edge);
		if (isLost(bitmap, orientation, surface)) return null;
		const blob = await encode(surface, edge === smallEdge);
		if (blob) return finished(await blob.arrayBuffer(), blob.type, surface, facts);
	}
	return null;
}

async function finished(
	bytes: ArrayBuffer,
	type: string,
	surface: Surface,
	facts: PhotoFacts
): Promise<ShrunkPhoto> {
	const { width, height } = surface.canvas;
	const made = { bytes, type, width, height, sha256: await sha256Hex(bytes), original: false };
	return facts.gps ? { ...made, gps: facts.gps } : made;
}

/** Draws at most `edge` px long, upright, halving on the way down so that wires and letters do not flicker out. */
function draw(bitmap: ImageBitmap, orientation: number, edge: number): Surface {
	const scale = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
	const width = Math.max(1, Math.round(bitmap.width * scale));
	const height = Math.max(1, Math.round(bitmap.height * scale));
	const swapped = orientation >= 5;
	const surface = makeSurface(swapped ? height : width, swapped ? width : height);
	const { context } = surface;
	// What is transparent becomes paper, not black: JPEG has no transparency.
	context.fillStyle = '#fff';
	context.fillRect(0, 0, surface.canvas.width, surface.canvas.height);
	context.imageSmoothingQuality = 'high';
	context.setTransform(uprightTransform(orientation, surface.canvas.width, surface.canvas.height));
	context.drawImage(halved(bitmap, width), 0, 0, width, height);
	return surface;
}

function halved(bitmap: ImageBitmap, width: number): CanvasImageSource {
	let source: ImageBitmap | Surface['canvas'] = bitmap;
	while (source.width >= 2 * width) {
		const half = { width: Math.ceil(source.width / 2), height: Math.ceil(source.height / 2) };
		if (half.width * half.height > canvasPixels) break;
		const surface = makeSurface(half.width, half.height);
		surface.context.imageSmoothingQuality = 'high';
		surface.context.drawImage(source, 0, 0, half.width, half.height);
		source = surface.canvas;
	}
	return source;
}

/** The best quality that fits: JPEG, which every device makes fast, or WebP where JPEG would need more. */
async function encode(surface: Surface, takeAny: boolean): Promise<Blob | null> {
	let last: Blob | null = null;
	for (const quality of qualities) {
		for (const type of ['image/jpeg', 'image/webp']) {
			const blob = await surface.encode(type, quality);
			if (blob && blob.size <= goalBytes) return blob;
			if (blob && (!last || blob.size < last.size)) last = blob;
		}
	}
	return takeAny ? last : null;
}

const thumb = 16;

/** Did the big canvas keep the picture? Compared in 16×16 with the bitmap drawn small directly. */
function isLost(bitmap: ImageBitmap, orientation: number, surface: Surface): boolean {
	const wanted = makeSurface(thumb, thumb);
	wanted.context.fillStyle = '#fff';
	wanted.context.fillRect(0, 0, thumb, thumb);
	wanted.context.setTransform(uprightTransform(orientation, thumb, thumb));
	wanted.context.imageSmoothingQuality = 'high';
	wanted.context.drawImage(bitmap, 0, 0, thumb, thumb);
	const got = makeSurface(thumb, thumb);
	got.context.imageSmoothingQuality = 'high';
	got.context.drawImage(surface.canvas, 0, 0, thumb, thumb);
	const a = wanted.context.getImageData(0, 0, thumb, thumb).data;
	const b = got.context.getImageData(0, 0, thumb, thumb).data;
	return difference(a, b) > 40 || (spread(b) < 3 && spread(a) > 12);
}

/** Mean difference of the colour values, 0 to 255. */
function difference(a: Uint8ClampedArray, b: Uint8ClampedArray): number {
	return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}

/** Between the darkest and the lightest green: 0 for a blank picture. */
function spread(pixels: Uint8ClampedArray): number {
	const greens = pixels.filter((_, i) => i % 4 === 1);
	return Math.max(...greens) - Math.min(...greens);
}

/** The file itself: the server decodes it, makes it small and strips it. */
async function asItIs(bytes: ArrayBuffer, format: PhotoFile, facts: PhotoFacts): Promise<ShrunkPhoto> {
	if (format.format === 'other') throw new UnreadablePhoto('unreadable');
	if (bytes.byteLength > mostBytes) throw new UnreadablePhoto('too_large');
	const { width, height } = format;
	const made = {
		bytes,
		type: `image/${format.format}`,
		width: width ?? 0,
		height: height ?? 0,
		sha256: await sha256Hex(bytes),
		original: true
	};
	return facts.gps ? { ...made, gps: facts.gps } : made;
}
