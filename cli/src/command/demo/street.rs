//! What the neighbours say, in the two languages of the lane. Several ways to say a thing; the seed chooses. No logic here.

use super::cast::Who;

/// Uncle Chen's catalogue, as Shopify exports one.
pub(super) const CATALOGUE: &str = include_str!("street.csv");
/// Listings in it.
pub(super) const CATALOGUE_LISTINGS: usize = 8;
/// Name of the circle.
pub(super) const LANE: &str = "Courtyard Lane 后巷";
/// Name of Uncle Chen's shop.
pub(super) const TEA_SHOP: &str = "Chen's Tea Room 陈记茶铺";
/// Name of Rosa's shop.
pub(super) const BAKERY: &str = "Oven No. 3 三号烤炉";
/// Title of the tea that everybody talks about.
pub(super) const TEA: &str = "Longjing green tea 龙井绿茶";
/// Title of the flowers that are sent where nobody bakes.
pub(super) const FLOWERS: &str = "Chrysanthemum from Tongxiang 桐乡杭白菊";
/// Title of Rosa's bread.
pub(super) const BREAD: &str = "Country sourdough 乡村酸面包";

/// What a neighbour says first.
pub(super) const fn hello(who: Who) -> &'static [&'static str] {
    match who {
        Who::Chen => &[
            "早！新茶到了，炉子上水开着。Morning, all. The spring tea is in and the kettle is on.",
            "后巷的邻居们早上好，有空来坐坐。Good morning, lane. Come and sit for a cup.",
        ],
        Who::Mei => &[
            "大家早！No. 6 here. Has anybody seen a grey cat with a red collar? 灰猫，红项圈。",
            "早呀，六号林梅。The wisteria at the gate is out, go and look. 紫藤开了！",
        ],
        Who::Rosa => &[
            "Hello neighbours! First loaves out at seven, the oven is still warm. 面包七点出炉。",
            "Buongiorno! If you smell rye, that is me. 闻到黑麦香就是我。",
        ],
        Who::Wang => &[
            "我是老王，修自行车的。Chains, brakes, punctures: bring it to the corner.",
            "老王在此。楼下那辆蓝车谁的？链条该上油了。Whose blue bicycle is that? The chain is crying.",
        ],
        Who::Cheap => &["hello friends i am new here, very nice lane 大家好", "Hi all!! happy to be in this beautiful community 你们好"],
        Who::More(n) => MORE[n % MORE.len()],
    }
}

const MORE: [&[&str]; 4] = [
    &[
        "Just moved in upstairs, thank you for the soup! 刚搬来，谢谢大家的汤。",
        "新邻居报到。New on the third floor, I play the cello until nine.",
    ],
    &["谁家多了一把梯子？Could I borrow a ladder on Sunday?", "I have too many courgettes. 西葫芦太多了，门口自取。"],
    &["Reading only, my phone is old. 手机旧，多看少说。", "大家好，我主要是来看看的。I am mostly here to read."],
    &[
        "停水通知：周四上午。No water on Thursday morning, fill your kettles.",
        "The lane's broom lives behind the green door. 扫帚在绿门后面。",
    ],
];

/// Mei recommends the tea.
pub(super) const RECOMMENDS: &[&str] = &[
    "喝了三年陈伯的龙井，今年的最好。Three springs of Uncle Chen's Longjing, and this one is the best. Water at 80 degrees!",
    "妈妈从杭州来，一口就说对了。My mother is from Hangzhou. One sip and she stopped complaining. 买小包先试试。",
];
/// Rosa passes it on.
pub(super) const PASSES_ON: &[&str] = &[
    "Mei was right. He gave me a bag for the bakery, and it goes with rye. 梅说得对，配黑麦面包正好。",
    "Tried it because Mei said so; Chen poured me the first cup for free. 听梅的没错，第一杯是陈伯请的。",
];
/// Mei says why she vouches for Uncle Chen.
pub(super) const VOUCHES_CHEN: &str = "邻居十二年，秤从来不少。Neighbours for twelve years; his scale is honest.";
/// Rosa says why she vouches for Mei.
pub(super) const VOUCHES_MEI: &str = "She has my spare key. 她有我家钥匙。";
/// Uncle Chen says why he vouches for Mei.
pub(super) const CHEN_VOUCHES_MEI: &str = "从小看着长大的。I have known her since she was this tall.";
/// Wang says why he vouches for Rosa.
pub(super) const VOUCHES_ROSA: &str = "面包车我修，面包她管。I mend her delivery bike, she feeds me.";
/// Mei's note with her order.
pub(super) const ORDER_NOTE: &[&str] =
    &["放门卫那里就行。Leave it with the porter, please.", "不急，周末前到就好。No hurry, before the weekend is fine."];
/// The bargainer's note with the first offer.
pub(super) const BARGAIN_NOTE: &[&str] = &[
    "老邻居了，便宜点？We have known each other long enough, make it a little less?",
    "我自己来拿，少个零头？I collect it myself, drop the odd change?",
];
/// A good review.
pub(super) const REVIEW: &[&str] = &[
    "Well packed, a day early, and a hand-written note inside. 包得好，还早到一天。",
    "准时又新鲜。Fresh, on time, exactly what was promised.",
];
/// An answer to it.
pub(super) const REVIEW_REPLY: &[&str] =
    &["谢谢！下次多送你一点。Thank you, next time there is a little extra.", "Grazie, you made my day. 谢谢你！"];
/// What the spammer floods the lane with.
pub(super) const FLOOD: &[&str] = &[
    "!!! ROLEX 90% OFF only today only you !!! 限时秒杀",
    "Make 5000 a day from home, ask me how. 日赚五千，私信我",
    "Miracle tea cures everything, better than old man Chen. 神茶包治百病",
    "LAST CHANCE last chance LAST CHANCE 最后机会",
    "Dear friend you have won a phone, send 88 first. 恭喜中奖，先付 88",
    "Cheap cheap cheap, forward to ten friends. 转发十个群",
];
/// What somebody says after the removal.
pub(super) const AFTERWARDS: &[&str] = &[
    "清静了。周六下午茶照旧，带凳子。Peace again. Tea on Saturday as always, bring a stool.",
    "好了，门关上了。The door is shut. Saturday, four o'clock, my courtyard; Rosa brings the bread.",
];
/// What the spammer tries to say after that.
pub(super) const TOO_LATE: &str = "hello? anybody? 88% off!!";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_something_to_say_in_two_languages() {
        let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        let hellos = [Who::Chen, Who::Mei, Who::Rosa, Who::Wang].into_iter().chain((0..7).map(Who::More)).flat_map(|who| hello(who).iter());
        let others = [RECOMMENDS, PASSES_ON, ORDER_NOTE, BARGAIN_NOTE, REVIEW, REVIEW_REPLY, AFTERWARDS].into_iter().flatten();
        for words in hellos.chain(others) {
            assert!(words.chars().any(is_chinese) && words.chars().any(|c| c.is_ascii_alphabetic()), "{words}");
        }
        assert!(CATALOGUE.lines().skip(1).all(|line| line.split(',').count() >= 20), "no row is cut short");
    }
}
