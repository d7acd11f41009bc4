/** What comes out of `shrink`. */

export interface ShrunkPhoto {
	bytes: ArrayBuffer;
	/** MIME type of `bytes`. */
	type: string;
	/** As seen (orientation applied), in px; 0 when the browser could not decode it. */
	width: number;
	height: number;
	/** Lower-case hex of `bytes`. */
	sha256: string;
	/** Where the file says it was taken; absent when it does not, or not believably. WGS 84. */
	gps?: { lat: number; lon: number };
	/** The file as it was: this browser cannot make it smaller (HEIC), the server will. */
	original: boolean;
}

/** No picture, a broken one, or one too large to send as it is (25 MiB). */
export class UnreadablePhoto extends Error {
	readonly reason: 'unreadable' | 'too_large';

	constructor(reason: 'unreadable' | 'too_large', cause?: unknown) {
		super(`photo ${reason}`, { cause });
		this.name = 'UnreadablePhoto';
		this.reason = reason;
	}
}
