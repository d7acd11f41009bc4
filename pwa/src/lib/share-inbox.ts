/** Cache that holds what another app shared until the report screen takes it. Used by page and worker. */
const inbox = 'share-inbox';

/** Puts shared photos aside. Replaces an earlier share that was never taken up. */
export async function keepShared(files: readonly File[]): Promise<void> {
	await caches.delete(inbox);
	const cache = await caches.open(inbox);
	await Promise.all(
		files.map((file, at) =>
			cache.put(
				`/share/${String(at).padStart(3, '0')}`,
				new Response(file, {
					headers: {
						'content-type': file.type || 'application/octet-stream',
						'x-name': encodeURIComponent(file.name)
					}
				})
			)
		)
	);
}

/** The shared photos in their order; `forgetShared` empties the inbox once they are safe in a draft. */
export async function readShared(): Promise<File[]> {
	const cache = await caches.open(inbox);
	const requests = [...(await cache.keys())].sort((a, b) => (a.url < b.url ? -1 : 1));
	const files: File[] = [];
	for (const request of requests) {
		const kept = await cache.match(request);
		if (!kept) continue;
		const blob = await kept.blob();
		files.push(new File([blob], decodeURIComponent(kept.headers.get('x-name') ?? ''), { type: blob.type }));
	}
	return files;
}

export async function forgetShared(): Promise<void> {
	await caches.delete(inbox);
}
