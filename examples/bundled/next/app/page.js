export default function Page() {
  return <a href="/api/chat">Ask</a>;
}
