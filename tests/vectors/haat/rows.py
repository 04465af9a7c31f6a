"""The table of docs/orders.md and its line of races, word by word."""

BUYER, SELLER = "buyer", "seller"
OTHER = {BUYER: SELLER, SELLER: BUYER}

RACES = (
    *("withdraw", "expire", "stock_fail", "cancel", "expire_unpaid", "expire_uncollected", "offer", "accept", "counter"),
    *("reject", "pay_deny", "pay_proof", "stock_confirm", "start", "ship", "deliver_digital", "ready", "dispute"),
    *("settle_accept", "decide", "received", "auto_received", "pay_confirm", "cancel_agree", "cancel_refuse", "cancel_request"),
    *("return_received", "return_ok", "return_no", "return_request", "waive", "complete", "refund_sent", "refund_confirm"),
    *("settle_offer", "settle_refuse", "performed", "expire_unfulfilled", "close_defaulted", "address", "handover", "takeover", "say"),
)

_PAID = ("agreed", "payment_claimed", "fulfilling")
_ALIVE = (*_PAID, "partly_shipped", "shipped", "ready", "delivered")
_LATE = (*_ALIVE[1:], "returning", "refund_due", "refund_claimed")
_REFUND = ("refund_due", "refund_claimed")
_OPEN = ("negotiating", "agreed", *_LATE, "disputed", "decided")
_BACK = "refund_or_cancelled"

# From (None: any), event, signer, conditions, to.
ROWS = (
    (("negotiating",), "counter", "turn", ("counter fits",), "negotiating"),
    (("negotiating",), "accept", "turn", ("last terms",), "agreed"),
    (("negotiating",), "reject", "turn", (), "rejected"),
    (("negotiating",), "withdraw", "offerer", (), "withdrawn"),
    (("negotiating",), "expire", "either", ("after valid_until",), "expired"),
    (_PAID[:2], "stock_confirm", SELLER, ("stock asked",), "same"),
    (_PAID[:2], "stock_fail", SELLER, ("stock asked",), _BACK),
    (("agreed",), "cancel", "either", ("nothing paid",), "cancelled"),
    (_PAID, "address", BUYER, (), "same"),
    (_PAID[:2], "pay_proof", BUYER, ("due before", "claims"), "payment_claimed"),
    (("agreed", *_ALIVE[2:]), "pay_proof", BUYER, ("due later", "remainder", "claims"), "same"),
    (("withdrawn", "expired", "cancelled", "refund_due", "refunded"), "pay_proof", BUYER, ("was accepted", "claims"), "refund_due"),
    (("payment_claimed",), "pay_confirm", SELLER, ("stock held", "within remainder"), "fulfilling_once_paid"),
    (("agreed", *_ALIVE[2:-1]), "pay_confirm", SELLER, ("due later", "within remainder"), "same"),
    (("delivered",), "pay_confirm", SELLER, ("due later", "within remainder"), "completed_once_paid"),
    (("payment_claimed",), "pay_deny", SELLER, (), "same"),
    (("agreed",), "start", SELLER, ("due later", "stock held"), "fulfilling"),
    (("agreed",), "expire_unpaid", SELLER, ("due before", "after pay_by"), "cancelled"),
    (("fulfilling", "partly_shipped"), "ship", SELLER, ("by sending", "lines left"), "shipped_once_all"),
    (("fulfilling",), "deliver_digital", SELLER, ("digital",), "shipped"),
    (("fulfilling",), "ready", SELLER, ("by pickup",), "ready"),
    (("shipped",), "received", BUYER, ("code",), "delivered"),
    (("ready",), "received", BUYER, ("code",), "handed_over"),
    (("shipped",), "auto_received", SELLER, ("after confirm_by",), "delivered_or_completed"),
    (("ready",), "auto_received", SELLER, ("settled", "after confirm_by"), "delivered_or_completed"),
    (("ready",), "expire_uncollected", SELLER, ("remainder", "after confirm_by"), _BACK),
    (("agreed",), "expire_unfulfilled", BUYER, ("due later", "after fulfil_by"), _BACK),
    (("payment_claimed", "fulfilling", "partly_shipped", "ready"), "expire_unfulfilled", BUYER, ("after fulfil_by",), _BACK),
    (("delivered",), "waive", SELLER, ("remainder",), "completed"),
    (("delivered",), "complete", BUYER, ("settled",), "completed"),
    (("delivered",), "complete", SELLER, ("settled", "after dispute_by"), "completed"),
    (("agreed",), "cancel_request", "either", ("something paid", "nothing asked"), "same"),
    (("partly_shipped", "shipped"), "cancel_request", BUYER, ("shipment unknown", "nothing asked"), "returning"),
    (_ALIVE[1:], "cancel_request", "either", ("shipments known", "nothing asked"), "same"),
    (_ALIVE, "cancel_agree", "was asked", ("cancel asked",), _BACK),
    ((*_PAID, "ready"), "cancel_agree", "asked", ("cancel asked", "nothing shipped", "after fulfil_by"), _BACK),
    (_ALIVE, "cancel_refuse", "was asked", ("cancel asked",), "same"),
    (("delivered", "completed"), "return_request", BUYER, ("until return_by",), "returning"),
    (("returning",), "return_ok", SELLER, ("return asked",), "same"),
    (("returning",), "return_no", SELLER, ("return asked",), "what_it_was"),
    (("returning",), "return_received", SELLER, (), _BACK),
    (_REFUND, "refund_sent", SELLER, ("within refund",), "refund_claimed"),
    (("refund_claimed",), "refund_confirm", BUYER, (), "refunded"),
    (("refund_claimed",), "refund_confirm", SELLER, ("refunded in full", "after confirm_by"), "refunded"),
    (("agreed",), "dispute", "either", ("something paid",), "disputed"),
    (_LATE, "dispute", "either", ("until dispute_by",), "disputed"),
    (("disputed",), "dispute", "either", ("no claim made",), "same"),
    (("disputed",), "settle_offer", "either", ("sum to give back",), "same"),
    (("disputed",), "settle_accept", "either", ("names settlement",), "resolved"),
    (("disputed",), "settle_refuse", "either", ("names settlement",), "same"),
    (("disputed",), "decide", "either", ("by the resolver",), "decided"),
    (("decided",), "performed", SELLER, ("refund decided",), "resolved"),
    (("decided",), "performed", "either", ("no refund decided",), "resolved"),
    (_REFUND, "close_defaulted", BUYER, ("refund short", "after confirm_by"), "resolved"),
    (("delivered",), "close_defaulted", SELLER, ("remainder", "not claimed", "after confirm_by"), "resolved"),
    (("delivered",), "close_defaulted", BUYER, ("remainder", "claimed", "after confirm_by"), "resolved"),
    (("returning",), "close_defaulted", BUYER, ("return asked", "after confirm_by"), "resolved"),
    (("returning",), "close_defaulted", SELLER, ("return agreed", "after confirm_by"), "resolved"),
    (("disputed",), "close_defaulted", "either", ("has spoken", "after confirm_by"), "resolved"),
    (("decided",), "close_defaulted", BUYER, ("refund decided", "after confirm_by"), "resolved"),
    (_OPEN, "handover", "either", ("free device",), "same"),
    (None, "takeover", "either", ("by the root",), "same"),
    (None, "say", "either", ("first half",), "same"),
)
