/** What a department may choose for a category, by Lucide's names. */
export const categoryIcons: readonly string[] = [
	'brick-wall',
	'building-2',
	'bus',
	'circle-question-mark',
	'construction',
	'droplet',
	'droplets',
	'factory',
	'flame',
	'hard-hat',
	'heart-pulse',
	'lamp',
	'lightbulb',
	'map-pin',
	'paw-print',
	'recycle',
	'shield',
	'siren',
	'snowflake',
	'store',
	'thermometer-sun',
	'traffic-cone',
	'trash-2',
	'trees',
	'triangle-alert',
	'users',
	'volume-2',
	'waves',
	'wifi',
	'wrench',
	'zap'
];

/** The icon of a category; a plain pin for a name this version of the app does not know. */
export function categoryIcon(name: string): string {
	return categoryIcons.includes(name) ? name : 'map-pin';
}
