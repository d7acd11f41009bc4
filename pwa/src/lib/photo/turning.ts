/** Whether this browser turns pictures upright by itself when it decodes them, found out once. */

/** 2×1 px, grey, with Exif orientation 6: upright it is 1×2. */
const lyingJpeg =
	'/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUl' +
	'KFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAABAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQ' +
	'AQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z';

let answer: Promise<boolean> | null = null;

/** Decodes with the orientation applied, where the browser knows how. */
export async function decode(file: Blob, resizeWidth?: number): Promise<ImageBitmap> {
	const options: ImageBitmapOptions = { imageOrientation: 'from-image' };
	if (resizeWidth) Object.assign(options, { resizeWidth, resizeQuality: 'high' });
	try {
		return await createImageBitmap(file, options);
	} catch (error) {
		// Older browsers refuse options they do not know with a TypeError; a broken picture is another error.
		if (!(error instanceof TypeError)) throw error;
		return createImageBitmap(file);
	}
}

export function browserTurns(): Promise<boolean> {
	answer ??= probe();
	return answer;
}

async function probe(): Promise<boolean> {
	const bytes = Uint8Array.from(atob(lyingJpeg), (letter) => letter.charCodeAt(0));
	const bitmap = await decode(new Blob([bytes], { type: 'image/jpeg' }));
	const turned = bitmap.width === 1;
	bitmap.close();
	return turned;
}

/**
 * The canvas transform that brings a picture stored with an Exif orientation upright, for a browser that does not.
 *
 * @param width - of the upright picture, in px, as is `height`.
 */
export function uprightTransform(orientation: number, width: number, height: number): DOMMatrix2DInit {
	switch (orientation) {
		case 2:
			return { a: -1, b: 0, c: 0, d: 1, e: width, f: 0 };
		case 3:
			return { a: -1, b: 0, c: 0, d: -1, e: width, f: height };
		case 4:
			return { a: 1, b: 0, c: 0, d: -1, e: 0, f: height };
		case 5:
			return { a: 0, b: 1, c: 1, d: 0, e: 0, f: 0 };
		case 6:
			return { a: 0, b: 1, c: -1, d: 0, e: width, f: 0 };
		case 7:
			return { a: 0, b: -1, c: -1, d: 0, e: width, f: height };
		case 8:
			return { a: 0, b: -1, c: 1, d: 0, e: 0, f: height };
		default:
			return { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };
	}
}
