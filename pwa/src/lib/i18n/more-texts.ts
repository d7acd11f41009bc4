export const addresses = import.meta.glob<string>(
	'./generated/{vi,fa,en}.{call,case,work,ward,guest,crisis}.json',
	{
		query: '?url',
		import: 'default',
		eager: true
	}
);
