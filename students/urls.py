from django.urls import path

from students.views import profile, roster

app_name = "students"

_roster = "scholen/<slug:slug>/studenten/lijst/"
_upload = _roster + "<int:upload_id>/"

urlpatterns = [
    path("student/profiel/", profile.profile, name="profile"),
    path(_roster, roster.file, name="roster"),
    path(_roster + "voorbeeld.csv", roster.template, name="roster_template"),
    path(_upload + "kolommen/", roster.columns, name="roster_columns"),
    path(_upload + "controle/", roster.check, name="roster_check"),
    path(_upload + "fouten.csv", roster.faults, name="roster_faults"),
]
