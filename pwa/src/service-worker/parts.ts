/**
 * The part of a whole answer that a player asks for (RFC 9110, 14.2): Safari plays nothing that it did not get in
 * parts. What is not one range of bytes is answered with the whole.
 */
export async function partOf(whole: Response, range: string | null): Promise<Response> {
	const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range?.trim() ?? '') ?? [];
	if (first === '' && last === '') return whole;
	const bytes = await whole.arrayBuffer();
	const size = bytes.byteLength;
	const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
	const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
	const headers = new Headers(whole.headers);
	if (start >= end) {
		headers.set('content-range', `bytes */${size}`);
		return new Response(null, { status: 416, headers });
	}
	headers.set('content-range', `bytes ${start}-${end - 1}/${size}`);
	headers.set('content-length', String(end - start));
	return new Response(bytes.slice(start, end), { status: 206, headers });
}
