export default function buildFirst(): Promise<void>;
