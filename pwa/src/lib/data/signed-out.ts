/** The server no longer knows this device. */
import { getMeta, setMeta, type Db } from './db.ts';

/** Sending waits until the person signs in again; a guest comes back by the code. Whether it waits for the person. */
export async function signedOut(db: Db): Promise<boolean> {
	const pass = await getMeta(db, 'guest');
	if (pass) await setMeta(db, 'guest', { ...pass, sessionId: crypto.randomUUID(), arrived: false });
	else await setMeta(db, 'paused', 'signed_out');
	return !pass;
}
