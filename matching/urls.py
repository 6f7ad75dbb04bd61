from django.urls import path

from matching.views import company, letters, pairs, rounds, school, student, students

app_name = "matching"

_company = "bedrijf/<int:company_id>/"
_school = "scholen/<slug:slug>/"
_round = _school + "rondes/<int:round_id>/"
_proposal = _school + "voorstellen/<int:proposal_id>/"

urlpatterns = [
    path("student/", student.home, name="student"),
    path("student/plekken/", student.browse, name="browse"),
    path("student/plekken/<int:offer_id>/", student.offer, name="offer"),
    path("student/plekken/<int:offer_id>/lijst/", student.wish, name="wish"),
    path("student/lijst/", student.ranking, name="ranking"),
    path("student/voorstellen/<int:proposal_id>/", student.proposal, name="student_proposal"),
    path("student/voorstellen/<int:proposal_id>/ja/", student.accept, name="student_accept"),
    path("student/voorstellen/<int:proposal_id>/nee/", student.decline, name="student_decline"),
    path(_company, company.home, name="company"),
    path(_company + "voorstellen/<int:proposal_id>/", company.proposal, name="company_proposal"),
    path(_company + "voorstellen/<int:proposal_id>/ja/", company.accept, name="company_accept"),
    path(_company + "voorstellen/<int:proposal_id>/nee/", company.decline, name="company_decline"),
    path("brieven/", letters.index, name="letters"),
    path("brieven/<int:letter_id>/", letters.detail, name="letter"),
    path("brieven/<int:letter_id>/opmaak/", letters.formatted, name="letter_formatted"),
    path("brieven/<int:letter_id>/opnieuw/", letters.again, name="letter_again"),
    path("brieven/<int:letter_id>/terug/", letters.withdraw, name="letter_withdraw"),
    path(_school, school.home, name="school"),
    path(_school + "studenten/", students.index, name="students"),
    path(_proposal, school.proposal, name="school_proposal"),
    path(_proposal + "<slug:move>/", school.move, name="move"),
    path(_school + "rondes/", rounds.index, name="rounds"),
    path(_round, rounds.detail, name="round"),
    path(_round + "bereken/", rounds.run, name="run"),
    path(_round + "stand/", rounds.status, name="round_status"),
    path(_round + "waarom/", pairs.why, name="why"),
    path(_round + "met-de-hand/", pairs.by_hand, name="by_hand"),
    path(_round + "keur-goed/", rounds.approve, name="approve"),
    path(_round + "zet-terug/", rounds.undo, name="undo"),
    path(_round + "verstuur/", rounds.release, name="release"),
    path(_round + "sluit/", rounds.close, name="close_round"),
]
