// What a person chose for this browser: theme, language. Kept here and nowhere else.

import { create } from "zustand";
import { en, type Messages } from "@/shared/i18n/en";

export type Theme = "system" | "light" | "dark";
export type Language = "en" | "zh";

interface Settings {
  theme: Theme;
  language: Language;
  messages: Messages;
}

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a value in this browser, where it keeps any. */
export function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}

export { kept };

const theme = kept("autograph.theme");
const language = document.documentElement.lang === "zh" ? "zh" : "en";

export const useSettings = create<Settings>(() => ({
  theme: theme === "light" || theme === "dark" ? theme : "system",
  language,
  messages: en,
}));

const darkness = matchMedia("(prefers-color-scheme: dark)");

function paint(): void {
  const { theme } = useSettings.getState();
  const isDark = theme === "dark" || (theme === "system" && darkness.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}
darkness.addEventListener("change", paint);

export function chooseTheme(theme: Theme): void {
  keep("autograph.theme", theme === "system" ? null : theme);
  useSettings.setState({ theme });
  paint();
}

/** Load the words of a language, and show everything in it. */
export async function chooseLanguage(language: Language): Promise<void> {
  const messages = language === "zh" ? (await import("@/shared/i18n/zh")).zh : en;
  keep("autograph.language", language);
  document.documentElement.lang = language;
  useSettings.setState({ language, messages });
}

/** Load the words of the language that was chosen before. */
export async function loadLanguage(): Promise<void> {
  const { language } = useSettings.getState();
  if (language === "zh") {
    const { zh } = await import("@/shared/i18n/zh");
    useSettings.setState({ messages: zh });
  }
}

/** The words of the language that is shown. */
export function useWords(): Messages {
  return useSettings((settings) => settings.messages);
}

/** The words of the language that is shown, outside of components. */
export function words(): Messages {
  return useSettings.getState().messages;
}
