import { mount } from 'svelte';
import Console from './console/Console.svelte';

/** The main process opens one console window per machine, as `console.html?machine=ID`. */
const machineId = new URLSearchParams(location.search).get('machine') ?? '';

export default mount(Console, { target: document.body, props: { machineId } });
