//! Other ways to the same numbers: personalised PageRank by elimination, and Appleseed as it was first described.

use std::collections::BTreeMap;

use super::*;

/// Weighted edges of the graph that both oracles work on: forward vouches, and a way back to 0 of weight 1 from all who are reached.
fn augmented(n: usize, vouches: &[(usize, usize, f64)]) -> Vec<Vec<f64>> {
    let mut hop = vec![usize::MAX; n];
    hop[0] = 0;
    for round in 0..3 {
        for &(from, to, _) in vouches {
            if hop[from] == round && hop[to] > round + 1 {
                hop[to] = round + 1;
            }
        }
    }
    let mut matrix = vec![vec![0.0; n]; n];
    for &(from, to, weight) in vouches {
        if hop[from] != usize::MAX && hop[to] == hop[from].saturating_add(1) {
            matrix[from][to] = weight;
        }
    }
    for from in 1..n {
        if hop[from] != usize::MAX {
            matrix[from][0] = 1.0;
        }
    }
    for row in &mut matrix {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|weight| *weight /= if total > 0.0 { total } else { 1.0 });
    }
    matrix
}

/// Personalised PageRank of the augmented graph by Gaussian elimination; all but 0 scaled to a sum of 200.
pub(super) fn ranks(n: usize, vouches: &[(usize, usize, f64)]) -> Vec<f64> {
    let matrix = augmented(n, vouches);
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let row = (0..n).map(|j| f64::from(u8::from(i == j)) - 0.85 * matrix[j][i]);
            row.chain([if i == 0 { 0.15 } else { 0.0 }]).collect()
        })
        .collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs())).expect("a row");
        rows.swap(column, pivot);
        let lead = rows[column].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = row[column] / lead[column];
            if i != column && factor != 0.0 {
                row.iter_mut().zip(&lead).for_each(|(a, b)| *a -= factor * b);
            }
        }
    }
    let solved: Vec<f64> = (0..n).map(|i| rows[i][n] / rows[i][i]).collect();
    let total: f64 = solved[1..].iter().sum();
    solved.iter().enumerate().map(|(i, rank)| if i == 0 || total == 0.0 { 0.0 } else { 200.0 * rank / total }).collect()
}

/// Energy passed round after round, each person keeping 15 % of what comes in and 0 nothing, until next to none is under way.
fn rounds(n: usize, vouches: &[(usize, usize, f64)]) -> Vec<f64> {
    let matrix = augmented(n, vouches);
    let mut kept = vec![0.0; n];
    let mut under_way = vec![0.0; n];
    under_way[0] = 200.0;
    for _ in 0..1_000 {
        let mut next = vec![0.0; n];
        for from in 0..n {
            let passed = if from == 0 { 1.0 } else { 0.85 };
            kept[from] += (1.0 - passed) * under_way[from];
            for to in 0..n {
                next[to] += passed * under_way[from] * matrix[from][to];
            }
        }
        under_way = next;
    }
    kept
}

fn plain(town: &Town, without: Option<u8>) -> Vec<(usize, usize, f64)> {
    let kept = town.vouches.iter().filter(|vouch| without.map(person) != Some(vouch.from));
    kept.map(|vouch| (usize::from(vouch.from.0[0]), usize::from(vouch.to.0[0]), vouch.weight.value())).collect()
}

#[test]
fn ranks_are_personalised_pagerank_and_appleseed() {
    let mut reached = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let n = 2 + dice.below(12) as u8;
        let town = Town::random(n, &mut dice);
        let flow = Flow::new(&town.graph(), Weight::value);
        let (pagerank, appleseed) = (ranks(n.into(), &plain(&town, None)), rounds(n.into(), &plain(&town, None)));
        let mut sum = 0.0;
        for who in 1..n {
            let rank = flow.rank(&person(who));
            assert!((rank - pagerank[usize::from(who)]).abs() < 1e-9, "seed {seed}, person {who}");
            assert!((rank - appleseed[usize::from(who)]).abs() < 1e-9, "seed {seed}, person {who}");
            sum += rank;
        }
        if sum > 0.0 {
            reached += 1;
            assert!((sum - 200.0).abs() < 1e-9, "seed {seed}: {sum} of 200 kept");
        }
    }
    assert!(reached > 300, "{reached}");
}

#[test]
fn evidence_is_weighed_by_these_ranks() {
    let mut heard = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let n = 4 + dice.below(9) as u8;
        let town = Town::random(n, &mut dice);
        let subject = n - 1;
        let ranks = ranks(n.into(), &plain(&town, Some(subject)));
        let friend = |to: u8| town.vouches.iter().any(|vouch| vouch.from == person(0) && vouch.to == person(to));
        let most = (1..subject).filter(|to| friend(*to)).map(|to| ranks[usize::from(to)]).fold(0.0, f64::max);
        let mut sums: BTreeMap<u8, (f64, f64)> = BTreeMap::new();
        let own = town.own.iter().map(|own| (0, own.with, own.outcome, own.at));
        for (by, about, outcome, at) in town.reviews.iter().map(|r| (r.by.0[0], r.about, r.outcome, r.at)).chain(own) {
            let left = 2_f64.powf(-(((NOW.0 - at.0) / DAY_MS) as f64) / 365.0);
            let sum = sums.entry(by).or_default();
            match outcome {
                Outcome::Good if about == person(subject) => sum.0 = (sum.0 + left).min(3.0),
                Outcome::Bad if about == person(subject) => sum.1 = (sum.1 + left).min(4.5),
                _ => {}
            }
        }
        let (mut good, mut bad) = (0.0, 0.0);
        for (by, sum) in sums.into_iter().filter(|(by, _)| *by != subject) {
            let weight = if by == 0 { 1.0 } else { ranks[usize::from(by)] / if most > 0.0 { most } else { 1.0 } };
            good += weight * sum.0;
            bad += weight * sum.1;
        }
        let answer = town.ask(subject);
        assert!((answer.g - good).abs() < 1e-9 && (answer.b - bad).abs() < 1e-9, "seed {seed}: {} {good} {} {bad}", answer.g, answer.b);
        heard += u32::from(good + bad > 0.0);
    }
    assert!(heard > 200, "{heard}");
}
