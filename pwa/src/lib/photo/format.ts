/** What a file really is, from its first bytes, and whether all of it is there. */

export type PhotoFormat = 'jpeg' | 'png' | 'webp' | 'heic' | 'other';

export interface PhotoFile {
	format: PhotoFormat;
	/** As stored, before orientation; null when the header does not say. */
	width: number | null;
	height: number | null;
	/** The end is missing. Decoders fill the gap with grey and do not complain. */
	cutOff: boolean;
}

const heifBrands = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);

export function readFormat(bytes: ArrayBuffer): PhotoFile {
	const view = new DataView(bytes);
	const unknown: PhotoFile = { format: 'other', width: null, height: null, cutOff: false };
	if (view.byteLength < 24) return unknown;
	if (view.getUint16(0) === 0xffd8) return readJpeg(view);
	if (view.getUint32(0) === 0x89504e47) {
		const end = text(view, view.byteLength - 8, 4) === 'IEND';
		return { format: 'png', width: view.getUint32(16), height: view.getUint32(20), cutOff: !end };
	}
	if (text(view, 0, 4) === 'RIFF' && text(view, 8, 4) === 'WEBP') {
		return { ...unknown, format: 'webp', cutOff: view.getUint32(4, true) + 8 > view.byteLength };
	}
	if (text(view, 4, 4) === 'ftyp' && heifBrands.has(text(view, 8, 4))) {
		return { ...unknown, format: 'heic', cutOff: !boxesComplete(view) };
	}
	return unknown;
}

function readJpeg(view: DataView): PhotoFile {
	const found: PhotoFile = { format: 'jpeg', width: null, height: null, cutOff: true };
	for (let at = 2; at + 9 <= view.byteLength;) {
		const marker = view.getUint16(at);
		const length = view.getUint16(at + 2);
		if (marker >>> 8 !== 0xff || length < 2) break;
		// Any start-of-frame; C4, C8 and CC are something else (ITU T.81 table B.1).
		if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
			found.height = view.getUint16(at + 5);
			found.width = view.getUint16(at + 7);
		}
		if (marker === 0xffda) {
			found.cutOff = !endsAfter(view, at);
			break;
		}
		at += 2 + length;
	}
	return found;
}

/** Is there an end-of-image marker behind the picture data? Cameras put more behind it. */
function endsAfter(view: DataView, from: number): boolean {
	for (let at = view.byteLength - 2; at > from; at--) {
		if (view.getUint8(at) === 0xff && view.getUint8(at + 1) === 0xd9) return true;
	}
	return false;
}

/** Walks the outermost boxes (ISO/IEC 14496-12 §4.2): each must end inside the file. */
function boxesComplete(view: DataView): boolean {
	let at = 0;
	while (at + 8 <= view.byteLength) {
		let size = view.getUint32(at);
		if (size === 1 && at + 16 <= view.byteLength) size = Number(view.getBigUint64(at + 8));
		if (size === 0) return true;
		if (size < 8) return false;
		at += size;
	}
	return at === view.byteLength;
}

function text(view: DataView, at: number, length: number): string {
	return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));
}
