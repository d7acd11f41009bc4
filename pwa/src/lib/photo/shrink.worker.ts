/** The worker around `shrinkHere`: one photo in, one outcome out. */
import { UnreadablePhoto } from './outcome.ts';
import type { FromShrinker, ToShrinker } from './shrink.ts';
import { shrinkHere } from './shrink-here.ts';

const scope = self as unknown as {
	onmessage: (event: MessageEvent<ToShrinker>) => void;
	postMessage: (message: FromShrinker, transfer: Transferable[]) => void;
};

scope.onmessage = async ({ data: { id, file } }) => {
	try {
		const photo = await shrinkHere(file);
		scope.postMessage({ id, photo }, [photo.bytes]);
	} catch (error) {
		const refused = error instanceof UnreadablePhoto ? error.reason : null;
		scope.postMessage({ id, refused }, []);
	}
};
