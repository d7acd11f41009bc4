/**
 * The two things wanted from a photo's metadata before it is stripped: which way is up, and where it was taken.
 * Exif 3.0 (CIPA DC-008) §4.6; reads JPEG (APP1), WebP, PNG and HEIF. Nothing in a file may make this throw or loop.
 */
import { isPosition } from '#lib/geo/distance.ts';

export interface PhotoFacts {
	/** 1 to 8; 1 when absent or nonsense. */
	orientation: number;
	gps: { lat: number; lon: number } | null;
}

const tagOrientation = 0x0112;
const tagGpsIfd = 0x8825;
const gpsTags = { latRef: 1, lat: 2, lonRef: 3, lon: 4 };

/** Bytes per value of the Exif types 1 to 12. */
const typeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const rational = 5;

/** Real directories have some dozens of entries; a made-up one may claim 65,535. */
const mostEntries = 256;

export function readFacts(bytes: ArrayBuffer): PhotoFacts {
	const view = new DataView(bytes);
	const at = findTiff(view);
	try {
		if (at !== null) return readTiff(new DataView(bytes, at));
	} catch (error) {
		// An offset that points outside of the file.
		if (!(error instanceof RangeError)) throw error;
	}
	return { orientation: 1, gps: null };
}

/** Where the TIFF structure begins: behind `Exif\0\0`, or in some containers without it. */
function findTiff(view: DataView): number | null {
	const start = view.byteLength >= 4 ? view.getUint32(0) : 0;
	// JPEG: only its own segment, not the Exif of a picture embedded further down.
	const [from, to] = start >>> 8 === 0xffd8ff ? exifSegment(view) : [0, view.byteLength];
	for (let at = from; at + 14 <= to; at++) {
		const word = view.getUint32(at);
		if (word === 0x45786966 && view.getUint16(at + 4) === 0 && isTiff(view, at + 6)) return at + 6;
		// `eXIf` in PNG, `EXIF` + size in WebP.
		if (word === 0x65584966 && isTiff(view, at + 4)) return at + 4;
		if (word === 0x45584946 && isTiff(view, at + 8)) return at + 8;
		// HEIF's item: the distance to the structure, which is 0 when nothing stands in between (ISO/IEC 23008-12 A.2.1).
		if (word === 0 && isTiff(view, at + 4)) return at + 4;
	}
	return null;
}

function isTiff(view: DataView, at: number): boolean {
	if (at + 8 > view.byteLength) return false;
	const mark = view.getUint32(at);
	return mark === 0x49492a00 || mark === 0x4d4d002a;
}

function exifSegment(view: DataView): [from: number, to: number] {
	for (let at = 2; at + 4 <= view.byteLength;) {
		const marker = view.getUint16(at);
		if (marker >>> 8 !== 0xff || marker === 0xffda) break;
		const length = view.getUint16(at + 2);
		if (marker === 0xffe1 && at + 10 <= view.byteLength && view.getUint32(at + 4) === 0x45786966) {
			return [at + 4, Math.min(view.byteLength, at + 2 + length)];
		}
		if (length < 2) break;
		at += 2 + length;
	}
	return [0, 0];
}

interface Entry {
	type: number;
	count: number;
	/** Where its values stand. */
	at: number;
}

function readTiff(tiff: DataView): PhotoFacts {
	const little = tiff.getUint16(0) === 0x4949;
	const first = readDirectory(tiff, tiff.getUint32(4, little), little);
	const turned = first.get(tagOrientation);
	const orientation = turned ? tiff.getUint16(turned.at, little) : 1;
	return {
		orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
		gps: readGps(tiff, first, little)
	};
}

function readDirectory(tiff: DataView, at: number, little: boolean): Map<number, Entry> {
	const entries = new Map<number, Entry>();
	const count = Math.min(mostEntries, tiff.getUint16(at, little));
	for (let i = 0, entry = at + 2; i < count && entry + 12 <= tiff.byteLength; i++, entry += 12) {
		const type = tiff.getUint16(entry + 2, little);
		const values = tiff.getUint32(entry + 4, little);
		const fits = (typeBytes[type] ?? 0) * values <= 4;
		entries.set(tiff.getUint16(entry, little), {
			type,
			count: values,
			at: fits ? entry + 8 : tiff.getUint32(entry + 8, little)
		});
	}
	return entries;
}

function readGps(tiff: DataView, first: Map<number, Entry>, little: boolean): PhotoFacts['gps'] {
	const pointer = first.get(tagGpsIfd);
	if (!pointer) return null;
	try {
		const gps = readDirectory(tiff, tiff.getUint32(pointer.at, little), little);
		const lat = degrees(tiff, gps.get(gpsTags.lat), little) * sign(tiff, gps.get(gpsTags.latRef), 'S');
		const lon = degrees(tiff, gps.get(gpsTags.lon), little) * sign(tiff, gps.get(gpsTags.lonRef), 'W');
		return isPosition(lat, lon) ? { lat, lon } : null;
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		return null;
	}
}

/** Degrees, minutes, seconds as three fractions. NaN for anything else, and for a zero below the line. */
function degrees(tiff: DataView, entry: Entry | undefined, little: boolean): number {
	if (entry?.type !== rational || entry.count < 1 || entry.count > 3) return NaN;
	let sum = 0;
	for (let i = 0; i < entry.count; i++) {
		const below = tiff.getUint32(entry.at + i * 8 + 4, little);
		if (below === 0) return NaN;
		sum += tiff.getUint32(entry.at + i * 8, little) / below / 60 ** i;
	}
	return sum;
}

function sign(tiff: DataView, entry: Entry | undefined, negative: string): number {
	return entry && String.fromCharCode(tiff.getUint8(entry.at)).toUpperCase() === negative ? -1 : 1;
}
