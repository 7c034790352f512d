use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Args;
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};

use super::one_run::{self, OneRun};
use crate::{
    scenario::Scenario,
    watch::{self, Command, Show},
};

/// Shows all strategies of a scenario, or one, in slow motion on the terminal.
#[derive(Args, Debug)]
#[command(
    after_help = "Keys: space stops and goes on, s lets one thing happen, + and - change the speed, \
                        tab and arrows choose a strategy, ? explains, q leaves."
)]
pub(super) struct Watch {
    #[command(flatten)]
    run: OneRun,
    /// Shows this strategy alone.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Lets so many seconds of the scenario pass in a second; the whole in two minutes, if absent.
    #[arg(long, value_name = "X")]
    speed: Option<f64>,
}

/// Time between two pictures.
const FRAME: Duration = Duration::from_millis(50);

impl Watch {
    pub(super) fn run(self, _out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = self.run.read()?;
        if let Some(speed) = self.speed
            && !Show::SPEEDS.contains(&speed)
        {
            let (least, most) = Show::SPEEDS.into_inner();
            bail!("--speed: expected {least} to {most:e}, found {speed}");
        }
        let show = self.show(&scenario)?;
        if !io::stdout().is_terminal() {
            bail!(
                "standard output: expected a terminal; `sim compare` and `sim trace` write to files and pipes"
            );
        }
        let mut screen = Screen::open()?;
        screen.play(show)
    }

    fn show<'a>(&self, scenario: &'a Scenario) -> anyhow::Result<Show<'a>> {
        let wanted = self.strategy.as_deref();
        let only = wanted
            .map(|name| one_run::strategy(scenario, Some(name)))
            .transpose()?;
        let all = scenario.strategies.iter();
        let shown = all.filter(|it| only.is_none_or(|only| only.name == it.name));
        Ok(Show::start(scenario, shown, self.speed)?)
    }
}

/// The terminal while it is ours; whatever ends that gives it back as it was.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> anyhow::Result<Self> {
        // This sees to it that a panic gives the terminal back before it speaks.
        let terminal = ratatui::try_init().context("standard output: cannot take the terminal")?;
        Ok(Self(terminal))
    }

    #[expect(clippy::disallowed_methods, reason = "viewers live in real time")]
    fn play(&mut self, mut show: Show<'_>) -> anyhow::Result<()> {
        let mut last = Instant::now();
        loop {
            let view = show.view();
            self.0.draw(|frame| watch::draw(frame, &view))?;
            let mut wait = FRAME.saturating_sub(last.elapsed());
            while event::poll(wait)? {
                match meaning(&event::read()?) {
                    Meaning::Leave => return Ok(()),
                    Meaning::Do(command) => show.command(command)?,
                    Meaning::Nothing => {}
                }
                wait = Duration::ZERO;
            }
            let begins = Instant::now();
            let passed = begins.duration_since(last);
            last = begins;
            show.advance(passed, || begins.elapsed() < FRAME)?;
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

enum Meaning {
    Leave,
    Do(Command),
    Nothing,
}

fn meaning(event: &Event) -> Meaning {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press | KeyEventKind::Repeat,
        ..
    }) = event
    else {
        // A picture follows in any case, in the size that the terminal has then.
        return Meaning::Nothing;
    };
    if modifiers.contains(KeyModifiers::CONTROL) {
        return match code {
            KeyCode::Char('c') => Meaning::Leave,
            _ => Meaning::Nothing,
        };
    }
    Meaning::Do(match code {
        KeyCode::Char('q') | KeyCode::Esc => return Meaning::Leave,
        KeyCode::Char(' ') => Command::Pause,
        KeyCode::Char('+' | '=') => Command::Faster,
        KeyCode::Char('-' | '_') => Command::Slower,
        KeyCode::Char('s') => Command::Step,
        KeyCode::Char('?' | 'h') => Command::Help,
        KeyCode::Tab | KeyCode::Down | KeyCode::Right => Command::Next,
        KeyCode::BackTab | KeyCode::Up | KeyCode::Left => Command::Previous,
        _ => return Meaning::Nothing,
    })
}
