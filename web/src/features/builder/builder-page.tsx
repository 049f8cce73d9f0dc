export function NewAgentPage() {
  return null;
}
export function BuilderPage() {
  return null;
}
