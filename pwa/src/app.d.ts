declare module '*.svg?path' {
	/** The icon's outline: the value of one `d` attribute, drawn by stroking in a 24×24 box. */
	const outline: string;
	export default outline;
}
