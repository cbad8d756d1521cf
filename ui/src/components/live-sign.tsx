/** Whether what is on the page follows the server. */
export function LiveSign({ isLive }: { isLive: boolean }) {
  return (
    <span role="status" className={isLive ? 'live' : 'live lost'}>
      {isLive ? 'Live' : 'Reconnecting…'}
    </span>
  );
}
