from django.urls import path

from companies.views import colleagues, company, school, signup

app_name = "companies"

_offers = "bedrijf/<int:company_id>/aanbod/"
_offer = _offers + "<int:offer_id>/"
_people = "bedrijf/<int:company_id>/collegas/"
_asked = _people + "uitnodiging/<int:invitation_id>/"
_queue = "scholen/<slug:school_slug>/aanbod/"
_review = _queue + "<int:offer_id>/"

urlpatterns = [
    # Stands before allauth's own page at the same address, which makes no company.
    path("account/signup/", signup.CompanySignup.as_view(), name="signup"),
    path("account/signup/toegang/", colleagues.ask_access, name="ask_access"),
    path("uitnodiging/bedrijf/<str:token>/", colleagues.invitation, name="invitation"),
    path("bedrijf/<int:company_id>/gegevens/", company.details, name="details"),
    path(_people, colleagues.colleagues, name="colleagues"),
    path(_people + "<int:member_id>/verwijder/", colleagues.remove, name="remove"),
    path(_people + "beheer/", colleagues.take_over, name="take_over"),
    path(_asked + "opnieuw/", colleagues.send_again, name="send_again"),
    path(_asked + "trek-in/", colleagues.withdraw, name="withdraw"),
    path(_offers + "nieuw/<slug:kind>/", company.offer_new, name="offer_new"),
    path(_offer, company.offer, name="offer"),
    path(_offer + "bewerk/", company.offer_edit, name="offer_edit"),
    path(_offer + "verstuur/", company.offer_submit, name="offer_submit"),
    path(_offer + "pauzeer/", company.offer_pause, name="offer_pause"),
    path(_offer + "open/", company.offer_resume, name="offer_resume"),
    path(_offer + "sluit/", company.offer_close, name="offer_close"),
    path(_queue, school.offers, name="school_offers"),
    path(_review, school.review, name="review"),
    path(_review + "publiceer/", school.publish, name="publish"),
    path(_review + "stuur-terug/", school.return_, name="return"),
    path(_review + "erkenning/", school.accredit, name="accredit"),
]
