/** A failure in the server's own words. */
export function Failure({ message }: { message: string }) {
  return (
    <p role="alert" className="notice bad">
      {message}
    </p>
  );
}
