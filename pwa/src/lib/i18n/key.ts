/** RFC 4648 §5 */
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Characters of a key. */
export const keyLength = 4;

/**
 * The short key under which a catalogue holds a text: 24 bits of FNV-1a over UTF-16 code units with a final mix, in
 * base64url. `backend/catalogues.py` computes the same and refuses a build in which two texts meet.
 */
export function keyOf(msgid: string): string {
	let value = 0x811c9dc5;
	for (let at = 0; at < msgid.length; at++) value = Math.imul(value ^ msgid.charCodeAt(at), 0x01000193);
	value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
	value ^= value >>> 13;
	return [18, 12, 6, 0].map((shift) => base64url[(value >>> shift) & 63]).join('');
}
