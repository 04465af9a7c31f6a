# Single words: headings, states, kinds. The name of a message is `word-` and the word as the program writes it, with dashes.

## Headings and labels

word-about = about
word-address = address
word-after = after
word-before = before
word-asked = asked
word-buyer = buyer
word-by = by
word-check = check
word-circle = circle
word-circles = circles
word-code = code
word-column = column
word-currency = currency
word-delivery = delivery
word-field = field
word-finding = finding
word-from = from
word-goods = goods
word-identity = identity
word-invite = invite
word-listing = listing
word-listings = listings
word-member = member
word-members = members
word-ms = ms
word-name = name
word-options = options
word-order = order
word-peer = peer
word-peers = peers
word-petname = petname
word-price = price
word-role = role
word-row = row
word-seller = seller
word-setting = setting
word-shop = shop
word-shown = shown
word-sku = sku
word-state = state
word-step = step
word-stock = stock
word-title = title
word-to-do = to do
word-total = total
word-until = until
word-used = used
word-value = value
word-waits-for = waits for
word-what = what
word-what-happened = what happened
word-what-to-do = what to do
word-when = when
word-who = who
word-why = why
word-api = api
word-approval = approval
word-board = board
word-circuits = circuits
word-desk = desk
word-device = device
word-epoch = epoch
word-hand-out = hand out
word-how = how
word-listen = listen
word-look-out = look out
word-newcomers = newcomers
word-pages = pages
word-pay-by = pay by
word-payment = payment
word-reachable = reachable
word-reference = reference
word-returns = returns
word-seed = seed
word-shared-in = shared in
word-store = store
word-tags = tags
word-the-other = the other
word-trust-log = trust log
word-up-for = up for
word-waiting = waiting
word-you = you
word-a-day = a day
word-sellers = sellers
word-last-sync = last sync
word-asked-for = asked for
word-closed = closed
word-hand-over-code = hand-over code

## Everyday words

word-true = true
word-false = false
word-any = any
word-none = none
word-blocked = blocked
word-muted = muted
word-connected = connected
word-away = away
word-ok = ok
word-warn = warn
word-bad = bad
word-default = default
word-flag = flag
word-file = file
word-import = import
word-edit = edit

## Roles and states of circles, invites and listings

word-owner = owner
word-steward = steward
word-joined = joined
word-requested = requested
word-left = left
word-removed = removed
word-open = open
word-used-up = used up
word-listed = listed
word-expired = expired
word-revoked = revoked
word-on-sale = on sale
word-sold-out = sold out

## What people say

word-post = post
word-reply = reply
word-recommend = recommend
word-review = review
word-review-reply = review reply
word-share = share
word-unshare = unshare
word-vouch = vouch
word-unvouch = unvouch
word-unknown = unknown
word-gift = gift
word-commission = commission
word-employee = employee

## Trust

word-known = known
word-mixed = mixed

## Orders: where they stand

word-negotiating = negotiating
word-agreed = agreed
word-payment-claimed = payment claimed
word-fulfilling = fulfilling
word-partly-shipped = partly shipped
word-shipped = shipped
word-ready = ready
word-delivered = delivered
word-completed = completed
word-rejected = rejected
word-withdrawn = withdrawn
word-cancelled = cancelled
word-returning = returning
word-refund-due = refund due
word-refund-claimed = refund claimed
word-refunded = refunded
word-disputed = disputed
word-decided = decided
word-resolved = resolved
word-settled = settled
word-performed = performed
word-buyer-defaulted = buyer defaulted
word-seller-defaulted = seller defaulted
word-unresolved = unresolved
word-cancel = cancel
word-return = return
word-queued = queued
word-mailbox = mailbox
word-stored = stored

## Orders: what happens in them

word-offer = offer
word-counter = counter
word-accept = accept
word-reject = reject
word-withdraw = withdraw
word-expire = expire
word-stock-confirm = stock confirm
word-stock-fail = stock fail
word-pay-proof = pay proof
word-pay-confirm = pay confirm
word-pay-deny = pay deny
word-start = start
word-expire-unpaid = expire unpaid
word-ship = ship
word-received = received
word-auto-received = auto received
word-expire-uncollected = expire uncollected
word-expire-unfulfilled = expire unfulfilled
word-waive = waive
word-complete = complete
word-refund-sent = refund sent
word-refund-confirm = refund confirm
word-close-defaulted = close defaulted
word-deliver-digital = deliver digital
word-cancel-request = cancel request
word-cancel-agree = cancel agree
word-cancel-refuse = cancel refuse
word-return-request = return request
word-return-ok = return ok
word-return-no = return no
word-return-received = return received
word-dispute = dispute
word-settle-offer = settle offer
word-settle-accept = settle accept
word-settle-refuse = settle refuse
word-decide = decide
word-handover = handover
word-takeover = takeover
word-say = say
word-pay = pay
word-confirm-payment = confirm-payment
word-deny-payment = deny-payment
word-receive = receive
word-request-cancel = request-cancel
word-agree = agree
word-refuse = refuse
word-refund = refund
word-confirm-refund = confirm-refund
word-settle = settle
word-perform = perform

## Notices

word-question = question
word-decision = decision
word-right = right
word-message = message
word-refused = refused
word-case = case
word-request = request
word-fork = fork

## Reach and payment

word-local = local
word-lan = lan
word-public = public
word-relayed = relayed
word-cash = cash
word-transfer = transfer
word-on-delivery = on delivery

## Checks of the doctor

word-permissions = permissions
word-keys = keys
word-config = config
word-disk = disk
word-clock = clock
word-node = node
word-ports = ports
word-reachability = reachability
word-backup = backup

## Tokens

word-scope = scope
word-created = created
word-read = read
word-sell = sell
word-admin = admin
