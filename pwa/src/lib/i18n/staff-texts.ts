export const addresses = import.meta.glob<string>('./generated/{vi,fa,en}.{work,ward}.json', {
	query: '?url',
	import: 'default',
	eager: true
});
