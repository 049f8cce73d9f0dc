import { useWords } from "@/shared/settings";
import { Dialog } from "@/shared/ui/dialog";
import { Kbd } from "@/shared/ui/state";

/** Every shortcut there is. */
export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const { keys } = words.keyboard;
  const groups: Array<[string, Array<[string, string[]]>]> = [
    [
      words.keyboard.everywhere,
      [
        [keys.palette, ["Ctrl", "K"]],
        [keys.help, ["?"]],
        [keys.home, ["g", "h"]],
        [keys.library, ["g", "l"]],
        [keys.runs, ["g", "r"]],
        [keys.reviews, ["g", "v"]],
        [keys.build, ["g", "b"]],
        [keys.connections, ["g", "c"]],
      ],
    ],
    [
      words.nav.reviews,
      [
        [keys.nextPrevious, ["j", "k"]],
        [keys.approve, ["a"]],
        [keys.reject, ["r"]],
      ],
    ],
    [
      words.nav.build,
      [
        [keys.blocks, ["b"]],
        [keys.link, ["l"]],
        [keys.undo, ["Ctrl", "Z"]],
        [keys.redo, ["Ctrl", "Shift", "Z"]],
        [keys.save, ["Ctrl", "S"]],
        [keys.runAgent, ["Ctrl", "Enter"]],
        [keys.copyPaste, ["Ctrl", "C / V"]],
        [keys.duplicate, ["Ctrl", "D"]],
        [keys.group, ["Ctrl", "G"]],
        [keys.selectAll, ["Ctrl", "A"]],
        [keys.find, ["Ctrl", "F"]],
        [keys.remove, ["Delete"]],
        [keys.fit, ["f"]],
        [keys.panels, ["\\"]],
        [keys.runTo, ["t"]],
        [keys.pinLast, ["p"]],
        [keys.breakpoint, ["k"]],
        [keys.goOn, ["F8"]],
        [keys.step, ["F10"]],
      ],
    ],
  ];
  return (
    <Dialog title={words.keyboard.title} onClose={onClose} isWide>
      <div className="gap-8 sm:columns-2">
        {groups.map(([title, rows]) => (
          <section key={title} className="mb-6 last:mb-0 sm:last:break-before-column">
            <h3 className="mb-2 text-13 text-dim">{title}</h3>
            <dl className="stack">
              {rows.map(([what, by]) => (
                <div key={what} className="row h-8 justify-between border-b last:border-0">
                  <dt>{what}</dt>
                  <dd className="row gap-1">
                    {by.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
