import { keepShared } from '#lib/share-inbox.ts';

export const shareAddress = '/share';

/** A photo shared to the app from another: it waits in the share inbox, and the report screen opens. */
export async function takeShare(request: Request): Promise<Response> {
	const form = await request.formData();
	const files = form
		.getAll('photos')
		.filter((entry): entry is File => entry instanceof File && entry.size > 0);
	await keepShared(files);
	return Response.redirect('/report?shared=1', 303);
}
