/** `lib/data` is built for page and worker; this part of it only a page ever calls. */
interface StorageManager {
	persist(): Promise<boolean>;
}
