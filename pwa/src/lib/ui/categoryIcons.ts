import brickWall from 'lucide-static/icons/brick-wall.svg?path';
import building from 'lucide-static/icons/building-2.svg?path';
import bus from 'lucide-static/icons/bus.svg?path';
import circleQuestionMark from 'lucide-static/icons/circle-question-mark.svg?path';
import construction from 'lucide-static/icons/construction.svg?path';
import droplet from 'lucide-static/icons/droplet.svg?path';
import droplets from 'lucide-static/icons/droplets.svg?path';
import factory from 'lucide-static/icons/factory.svg?path';
import flame from 'lucide-static/icons/flame.svg?path';
import hardHat from 'lucide-static/icons/hard-hat.svg?path';
import heartPulse from 'lucide-static/icons/heart-pulse.svg?path';
import lightbulb from 'lucide-static/icons/lightbulb.svg?path';
import lamp from 'lucide-static/icons/lamp.svg?path';
import mapPin from 'lucide-static/icons/map-pin.svg?path';
import pawPrint from 'lucide-static/icons/paw-print.svg?path';
import recycle from 'lucide-static/icons/recycle.svg?path';
import shield from 'lucide-static/icons/shield.svg?path';
import siren from 'lucide-static/icons/siren.svg?path';
import snowflake from 'lucide-static/icons/snowflake.svg?path';
import store from 'lucide-static/icons/store.svg?path';
import trafficCone from 'lucide-static/icons/traffic-cone.svg?path';
import trash from 'lucide-static/icons/trash-2.svg?path';
import trees from 'lucide-static/icons/trees.svg?path';
import triangleAlert from 'lucide-static/icons/triangle-alert.svg?path';
import users from 'lucide-static/icons/users.svg?path';
import volume from 'lucide-static/icons/volume-2.svg?path';
import waves from 'lucide-static/icons/waves.svg?path';
import wifi from 'lucide-static/icons/wifi.svg?path';
import wrench from 'lucide-static/icons/wrench.svg?path';
import zap from 'lucide-static/icons/zap.svg?path';

/** What a department may choose for a category, by Lucide's names. */
const icons: Readonly<Record<string, string>> = {
	'brick-wall': brickWall,
	'building-2': building,
	bus,
	'circle-question-mark': circleQuestionMark,
	construction,
	droplet,
	droplets,
	factory,
	flame,
	'hard-hat': hardHat,
	'heart-pulse': heartPulse,
	lamp,
	lightbulb,
	'map-pin': mapPin,
	'paw-print': pawPrint,
	recycle,
	shield,
	siren,
	snowflake,
	store,
	'traffic-cone': trafficCone,
	'trash-2': trash,
	trees,
	'triangle-alert': triangleAlert,
	users,
	'volume-2': volume,
	waves,
	wifi,
	wrench,
	zap
};

/** The outline of a category's icon; a plain pin for a name this version of the app does not know. */
export function categoryIcon(name: string): string {
	return icons[name] ?? mapPin;
}
