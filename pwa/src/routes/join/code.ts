/** Letters of Crockford's base 32; I, L and O are read as the digits they look like. */
const letters = /[0-9a-hj-km-np-tv-z]/gi;

/**
 * The bare code in what somebody typed, pasted or opened: a whole link (the code is its fragment), spaces, dashes and
 * capitals as they come. '' when there is nothing like a code in it (at least 16 letters).
 */
export function codeIn(text: string): string {
	const fragment = text.includes('#') ? text.slice(text.lastIndexOf('#') + 1) : text;
	const bare = decoded(fragment)
		.replace(/[\s-]/g, '')
		.replace(/[oO]/g, '0')
		.replace(/[iIlL]/g, '1');
	const read = bare.match(letters)?.join('') ?? '';
	return read.length === bare.length && read.length >= 16 ? read.toUpperCase() : '';
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
