export default function View(_: { readonly id: string }) {
  return null;
}
