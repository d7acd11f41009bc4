/**
 * Two treatments of text that people type: a search key, and what is stored.
 *
 * The twin of `backend/text.py`, where the reasons stand; `tests/vectors/text.json` holds what both
 * must answer.
 */

const LETTERS: Readonly<Record<string, string>> = {
	đ: 'd',
	ð: 'd',
	ɖ: 'd',
	ß: 'ss',
	ς: 'σ',
	ك: 'ک',
	ي: 'ی',
	ى: 'ی',
	ة: 'ه',
	ە: 'ه',
	ہ: 'ه',
	ھ: 'ه',
	ٱ: 'ا'
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');
const ARABIC_DIGIT = /[\u0660-\u0669\u06F0-\u06F9]/g;
const SPACE = /[\p{Z}\t\n\v\f\r\x85]+/gu;
const UNSEEN = /[\p{Mn}\p{Cf}\p{Cc}\p{Cs}\u0640]/gu;

const LINE_END = /\r\n|[\r\x85\u2028\u2029]/g;
const UNWANTED = /[\u202A-\u202E\u2066-\u2069\uFEFF\p{Cs}]|(?!\n)\p{Cc}/gu;
const NOTHING_VISIBLE = /^[\s\p{Cf}]*$/u;

/** A typed text is longer than allowed; both numbers count code points. */
export class TextTooLong extends Error {
	readonly code = 'too_long';
	readonly length: number;
	readonly maxLength: number;

	constructor(length: number, maxLength: number) {
		super(`The text has ${length} characters; at most ${maxLength} are allowed.`);
		this.name = 'TextTooLong';
		this.length = length;
		this.maxLength = maxLength;
	}
}

/** The key under which `text` is searched: "Đường  Lê Văn Việt" → "duong le van viet". */
export function fold(text: string): string {
	return text
		.normalize('NFKD')
		.toLowerCase()
		.replace(SPACE, ' ')
		.replace(UNSEEN, '')
		.replace(LETTER, (letter) => LETTERS[letter] ?? letter)
		.replace(ARABIC_DIGIT, (digit) => String(digit.charCodeAt(0) & 0xf))
		.replace(/ +/g, ' ')
		.trim();
}

/**
 * What is stored of a text that a person typed: NFC, no control characters, trimmed; "" when
 * nothing in it can be seen.
 *
 * @throws {TextTooLong} when more than `maxLength` code points remain.
 */
export function cleanText(text: string, maxLength: number): string {
	const cleaned = text
		.replace(LINE_END, '\n')
		.replaceAll('\t', ' ')
		.replace(UNWANTED, '')
		.normalize('NFC')
		.trim();
	if (NOTHING_VISIBLE.test(cleaned)) return '';
	if (cleaned.length > maxLength) {
		const length = [...cleaned].length;
		if (length > maxLength) throw new TextTooLong(length, maxLength);
	}
	return cleaned;
}
