import { useEffect, useState } from 'react';

/** A second click that comes later than this was meant for something else. */
const SURE_MS = 5_000;

interface Props {
  /** What it does. */
  label: string;
  /** What the second click says yes to. */
  sure: string;
  disabled?: boolean;
  /** What is gone cannot be had back. */
  isDanger?: boolean;
  onSure: () => void;
}

/** A button for what should not happen by a slip of the hand: it asks, and a second click does it. */
export function SureButton({ label, sure, disabled = false, isDanger = false, onSure }: Props) {
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!isAsking) return;
    const timer = setTimeout(() => setAsking(false), SURE_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const click = (): void => {
    setAsking(!isAsking);
    if (isAsking) onSure();
  };
  const look = isAsking ? (isDanger ? 'danger' : 'primary') : '';
  return (
    <button type="button" className={look} disabled={disabled} onClick={click}>
      {isAsking ? sure : label}
    </button>
  );
}
