use std::fmt::Write;

use super::format::{count, percent};
use crate::{
    results::Summary,
    score::{Cell, Knows},
};

/// Scores as Markdown: a summary, and a table per load with a line per trace and provider.
pub fn scores(cells: &[Cell]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, cells);
    text
}

fn write_all(text: &mut String, cells: &[Cell]) -> std::fmt::Result {
    summary(text, cells)?;
    let mut loads: Vec<f64> = Vec::new();
    for cell in cells {
        if !loads.contains(&cell.load) {
            loads.push(cell.load);
        }
    }
    for load in loads {
        writeln!(
            text,
            "\n### The trace offers {load} times what the limits allow\n"
        )?;
        table(text, cells.iter().filter(|cell| cell.load == load))?;
    }
    Ok(())
}

/// How many cells reach their target, by what the strategy knows.
fn summary(text: &mut String, cells: &[Cell]) -> std::fmt::Result {
    writeln!(
        text,
        "| knows | goodput at least | refused at most | cells | reached | beaten by no peer |"
    )?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
    for (index, knows) in Knows::ALL.into_iter().enumerate() {
        let target = knows.target();
        let reached = cells
            .iter()
            .filter(|cell| reaches(knows, &cell.ours[index].1));
        let ahead = cells.iter().filter(|cell| {
            let ours = &cell.ours[index].1;
            !cell.peers.iter().any(|peer| is_behind(ours, peer))
        });
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            name(knows),
            percent(target.goodput),
            percent(target.refused),
            cells.len(),
            reached.count(),
            ahead.count(),
        )?;
    }
    Ok(())
}

fn table<'a>(text: &mut String, cells: impl Iterator<Item = &'a Cell>) -> std::fmt::Result {
    let cells: Vec<_> = cells.collect();
    let Some(first) = cells.first() else {
        return Ok(());
    };
    write!(text, "| trace | provider | optimum |")?;
    for (knows, _) in &first.ours {
        write!(text, " {} |", name(*knows))?;
    }
    for peer in &first.peers {
        write!(text, " {} |", peer.name)?;
    }
    write!(text, "\n| --- | --- | ---: |")?;
    for _ in 0..first.ours.len() + first.peers.len() {
        write!(text, " --- |")?;
    }
    writeln!(text)?;
    for cell in cells {
        let bound = if cell.optimum.exact { "" } else { "≤ " };
        write!(
            text,
            "| {} | {} | {bound}{} |",
            cell.trace,
            cell.provider,
            count(cell.optimum.requests)
        )?;
        for (knows, ours) in &cell.ours {
            let miss = if reaches(*knows, ours) {
                ""
            } else {
                " **miss**"
            };
            let behind = cell.peers.iter().filter(|peer| is_behind(ours, peer));
            let behind: Vec<_> = behind.map(|peer| peer.name.as_str()).collect();
            let behind = match behind.as_slice() {
                [] => String::new(),
                names => format!(" **behind {}**", names.join(", ")),
            };
            write!(text, " {}{miss}{behind} |", figures(ours))?;
        }
        for peer in &cell.peers {
            write!(text, " {} |", figures(peer))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

const fn name(knows: Knows) -> &'static str {
    match knows {
        Knows::Limits => "told the limits",
        Knows::Headers => "headers",
        Knows::Refusals => "429s alone",
    }
}

/// Goodput, and the share of calls that were refused.
fn figures(of: &Summary) -> String {
    format!("{} / {}", percent(of.goodput), share(refused(of)))
}

/// Percent with two digits, as some targets are a tenth of one.
fn share(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn refused(of: &Summary) -> f64 {
    if of.calls > 0.0 {
        of.refused / of.calls
    } else {
        0.0
    }
}

fn reaches(knows: Knows, of: &Summary) -> bool {
    let target = knows.target();
    of.goodput >= target.goodput && refused(of) <= target.refused
}

/// Whether a peer got more requests done, or as many with fewer calls refused.
fn is_behind(ours: &Summary, peer: &Summary) -> bool {
    let done = ours.completed.total_cmp(&peer.completed);
    let spared = peer.refused.total_cmp(&ours.refused);
    done.then(spared).is_lt()
}
