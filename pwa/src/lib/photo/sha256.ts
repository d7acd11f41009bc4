/** SHA-256 of some bytes. */
export async function sha256(bytes: ArrayBuffer): Promise<Uint8Array> {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** SHA-256 as 64 lower-case hex digits: the name under which a photo travels. */
export async function sha256Hex(bytes: ArrayBuffer): Promise<string> {
	return [...(await sha256(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
