# What the command line and the pages tell people. Names of blanks are the same in every language.

## Answers of one sentence

circle-begun = Began the circle { $name } ({ $id }).
next-send-code = send the code to your friend: haat circle join CODE
next-until-joined = haat circle list, until it says joined
next-approve = haat circle approve { $circle } PERSON, or decline
person-let-in = { $person } is in.
person-declined = Declined { $person }.
invite-revoked = Taken back; it lets nobody in any more.
circle-left = You left { $name }. What you have of it stays here.
role-given = { $person } is { $role } now.
member-removed = Removed; the circle's keys change.
circle-joined = You are in { $name }.
circle-asked = Asked to join { $name }: { $state }.
span-days = { $ms } ({ $days } days)
invite-used = { $used } of { $uses }
nobody-waits = Nobody waits for approval.
nobody-invited = Nobody was invited yet.
no-circle = You are in no circle yet.
circle-day = { $posts } posts, { $recommendations } recommendations, { $vouches } vouches, { $reviews } reviews each
sellers-all = everybody
sellers-from = { $role } and above
newcomers-read = read the last { $days } days
nobody-in = Nobody is in it.
person-blocked = You see nothing of them any more, and take no new order of theirs. Orders that are under way go on.
person-unblocked = You see them again.
person-muted = What they say does not stand in your feed any more.
person-unmuted = What they say stands in your feed again.
taken-back = Taken back ({ $id }).
vouched = Vouched ({ $id }).
node-stopped = The node has stopped.
feed-empty = Nobody has said anything yet.
listing-coming = a listing that has not come yet
feed-gains = gains: { $interest }
feed-place = in { $circle }
feed-catching-up = still catching up: what came before it is on its way
feed-because = because { $why }
listing-withdrawn = Off the shelf.
listed = Listed ({ $id }).
import-done = { $created } created, { $updated } updated, { $unchanged } unchanged
import-refused = { $count } refused
import-would = Would change: { $counts }.
import-did = { $counts }.
import-refused-rows = refused:
import-look-at = look at:
no-known-time = at no known time
list-comma = {", "}
price-from = from { $price }
nothing-for-sale = Nothing is for sale here yet.
delivery-pickup = pickup at { $place }
delivery-ship = ship to { $zone } for { $price }
delivery-digital = digital
pay-before = { $method }, before delivery
pay-on-delivery = { $method }, on delivery
pay-after = { $method }, after delivery
ask-publish = Publish this?
ask-choice = { $question } [y/N]
all-say-so = Nothing changes: all of them say that already.
listing-says-so = Nothing changes: the listing says that already.
would-change-listings = Would change { $count ->
        [one] { $count } listing
       *[other] { $count } listings
    }:
changed-listings = Changed { $count ->
        [one] { $count } listing
       *[other] { $count } listings
    }:
would-change = Would change:
changed-version = Changed ({ $id }).
wrote-file = Wrote { $file }.
wrote-bytes = Wrote { $file } ({ $size }).
log-whole = Whole: { $entries } items, head { $head }.
man-pages = { $count } pages are in { $dir }.
notice-soon = { $until } soon
no-notices = Nothing waits for you.
peer-remembered = Remembered; connecting.
no-peers = No peers yet. They appear when you join a circle or add one with `haat peer add`.
nobody-known = Nobody yet: begin a circle or join one.
token-once = keep it now: it is not shown again; haat token revoke takes it back
token-revoked = Taken back; nothing is answered to it any more.
no-tokens = No tokens yet. The command line needs none; other programs do.
petname-gone = The petname is gone.
petname-given = You call them { $name }.
posted-stored = Posted ({ $id }): at least one other node has it.
posted-sent = Posted ({ $id }): on its way.
posted-local = Posted ({ $id }): here; it goes out when a friend is reachable.
recommended = Recommended ({ $id }).
retracted = Retracted ({ $id }).
reviewed = Reviewed ({ $id }).
answered = Answered ({ $id }).
seed-up = Your seed is up. Hand out this line:
seed-stop = Stop it with Ctrl-C, or `haat down` with the same --home in another terminal.
node-up = Your node is up.
node-stop = Stop it with Ctrl-C, or `haat down` in another terminal.
next-first-circle = haat circle create NAME, or haat circle join CODE
next = next:
next-page = the same with --after { $cursor }
shop-opened = Opened the shop { $name } ({ $id }).
shop-shared = Shared ({ $id }).
shop-unshared = Taken back ({ $id }). What was seen there stays seen; nothing new will be.
desk-moved = The desk is the device { $device } now.
desk-orders = Orders of before go on here.
desk-count = What was sold at the former desk is not taken off: count the stock again.
no-shops = No shops yet. Open one with `haat shop create`.
this-device = this device
no-circle-of-yours = no circle of yours
shop-says-so = Nothing changes: the shop says that already.
changed = Changed:
undone = Took the last { $what } back: { $count ->
        [one] { $count } listing
       *[other] { $count } listings
    }.
undo-kept = Changed since, and left as they are: { $listings }
next-ctrl-c = Ctrl-C ends it
nothing-would-change = Nothing would change.
ask-publish-watched = Publish this? Enter or y publishes, n leaves it
peers-connected = { $count } connected
outbox-waiting = { $count } to be sent
log-items = { $count } items
never-compared = not compared yet
last-compared = last compared { $at }
circle-behind = catching up: { $count } entries to go
up-for = up for { $span }
board-state = { $nodes } nodes at { $places } places
circuits-state = { $circuits } stand, { $nodes } nodes may be reached
own-purchases = Your own purchases from them: { $count }.
next-restart = a running node takes it over when it starts the next time
listings-written = { $done } of { $of }
node-at-work = the node is at work ({ $elapsed })

## Orders

order-turn = { $state }, the { $who }'s turn
order-line = { $qty } x { $title }{ $sku }, listed at { $price }
order-line-sent = { $count } sent
waits-until = { $who }, until { $at }
no-orders = No orders.
no-effect = no effect: { $why }
order-heading = order { $id }
by-carrier = by { $carrier }
money-back = { $amount } back
next-or = (or { $verbs })
order-decided = Both are told as soon as they are online. Else give them this word:
personal-destroyed = Destroyed.
personal-none = There was nothing.
pay-heading = pay { $amount } to { $seller } for order { $id }
next-pay = pay, then haat order pay { $id } --reference { $reference }
evidence-valid = Valid: the order is { $state }.
evidence-not-valid = Not valid.

## Errors

error = error:
hint = hint:
error-row = row { $row }, { $column }: { $reason }
error-rows-more = … and { $count } more; --json lists all
what-to-do = what to do:

## The doctor

doctor-no-backup = no backup was made
doctor-no-backup-do = stop the node now and then, and copy its home to another disk
doctor-home-yours = { $home } is yours alone
doctor-home-none = there is no home at { $home }
doctor-home-none-do = haat up makes it, or name another with --home DIR
doctor-keys-open = your keys are sealed with an empty passphrase: who has the files has the keys
doctor-keys-open-do = encrypt the disk, and let nobody else read the home
doctor-keys-sealed = your keys are sealed with a passphrase
doctor-keys-none = there are no keys here yet
doctor-keys-none-do = haat up makes them
doctor-settings-known = every setting is known
doctor-disk-nothing = nothing is kept yet
doctor-disk-untold = the free space is not told: { $why }
doctor-disk-untold-do = look at the disk yourself
doctor-disk-free = { $size } are free where the home is
doctor-disk-low-do = make room: a full disk stops the node
doctor-disk-out-do = make room now: the store cannot grow any more
doctor-clock-not-compared = not compared: { $why }
doctor-node-runs = it runs, for { $span }
doctor-ports-none = the node listens nowhere
doctor-ports-none-do = haat down, then haat up with another --listen
doctor-ports-one = it listens on { $address }
doctor-ports-more = it listens on { $count } addresses, such as { $address }
doctor-reach = { $peers } connected, addresses of { $known } known, { $seeds } seeds, reachable: { $reachable }
doctor-reach-alone-do = join a circle with an invite, or name a peer with haat peer add
doctor-reach-away-do = your friends may be offline; a seed helps you to meet: haat up --seed-peer
doctor-node-none = no node runs here
doctor-node-none-do = haat up, in another terminal
doctor-unseen = not looked at: that needs a running node
doctor-unseen-do = haat up, then haat doctor again
doctor-clock-do = set the clock of this machine by the network's time
doctor-clock-ahead = { $count } orders are refused elsewhere because your clock is ahead of theirs
doctor-clock-behind = it shows { $now }, and what friends who are connected wrote last is of { $theirs }: { $span } later
doctor-clock-fits-nobody = it shows { $now }; nobody is connected to compare with
doctor-clock-fits = it shows { $now }; it fits what { $count } connected devices wrote last
doctor-clock-alone = it shows { $now }; others' clocks need a running node to compare with
doctor-clock-back = it shows { $now }, and your node wrote something at { $last } already

## Help

help-usage = Usage:
help-commands = Commands
help-arguments = Arguments
help-options = Options
help-examples = Examples:
