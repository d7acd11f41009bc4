/** A canvas in a worker, or in the page where workers have none. */

export interface Surface {
	canvas: OffscreenCanvas | HTMLCanvasElement;
	context: OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;
	/** Null when the browser cannot make this type (it then makes PNG, which is far too large). */
	encode: (type: string, quality: number) => Promise<Blob | null>;
}

export function makeSurface(width: number, height: number): Surface {
	if ('OffscreenCanvas' in globalThis) {
		const canvas = new OffscreenCanvas(width, height);
		const context = canvas.getContext('2d');
		if (context) {
			const encode = async (type: string, quality: number) =>
				ofType(await canvas.convertToBlob({ type, quality }), type);
			return { canvas, context, encode };
		}
	}
	const canvas = document.createElement('canvas');
	canvas.width = width;
	canvas.height = height;
	const context = canvas.getContext('2d');
	if (!context) throw new Error('this browser has no canvas');
	const encode = (type: string, quality: number) =>
		new Promise<Blob | null>((resolve) => {
			canvas.toBlob((blob) => resolve(blob && ofType(blob, type)), type, quality);
		});
	return { canvas, context, encode };
}

function ofType(blob: Blob, type: string): Blob | null {
	return blob.type === type && blob.size > 0 ? blob : null;
}
